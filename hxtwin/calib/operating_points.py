"""Operating points by name.

==================  ===========================================================================================
``lif``             leaky integrate and fire, all time constants 10 us: the default target
``lif-fast``        6 us and a larger distance to the threshold, for fast networks
``mnist-hidden``    hidden layer of the partitioned MNIST network: neurons of eight circuits
``mnist-readout``   its output layer: neurons of two circuits that do not fire
==================  ===========================================================================================

Reference: frontend-torch.md, Table 3; calibration.md 9 (``spiking2``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from hxtwin.calib.target import NeuronCalibTarget, SpikingCalibTarget


class OperatingPoint(StrEnum):
    """Names for the command line."""

    LIF = "lif"
    LIF_FAST = "lif-fast"
    MNIST_HIDDEN = "mnist-hidden"
    MNIST_READOUT = "mnist-readout"


_MNIST: Final[dict[str, Any]] = {
    "leak": 80,
    "reset": 80,
    "threshold": 120,
    "tau_mem": 6e-6,
    "tau_syn": 5.7e-6,
    "refractory_time": 1e-6,
}
_POINTS: Final[dict[OperatingPoint, dict[str, Any]]] = {
    OperatingPoint.LIF: {},
    OperatingPoint.LIF_FAST: {
        "leak": 80,
        "reset": 80,
        "threshold": 150,
        "tau_mem": 6e-6,
        "tau_syn": 6e-6,
        "i_synin_gm": 500,
        "synapse_dac_bias": 1000,
    },
    OperatingPoint.MNIST_HIDDEN: {**_MNIST, "i_synin_gm": 800, "synapse_dac_bias": 850},
    OperatingPoint.MNIST_READOUT: {**_MNIST, "i_synin_gm": 400, "synapse_dac_bias": 700},
}


def operating_point(name: str, **changes: Any) -> SpikingCalibTarget:
    """The target of an operating point.

    Args:
        name: one of `OperatingPoint`.
        changes: fields of `NeuronCalibTarget` that are wanted otherwise.

    Raises:
        ValueError: there is no such operating point.
    """
    return SpikingCalibTarget(neuron=NeuronCalibTarget(**{**_POINTS[OperatingPoint(name)], **changes}))
