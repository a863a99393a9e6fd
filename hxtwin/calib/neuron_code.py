"""A calibration of one analog cell of every neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.calib.calib import Calib, ParameterRange
from hxtwin.calib.constants import LARGEST_CODE, NEURONS
from hxtwin.calib.measurement_chip import NEURON
from hxtwin.calib.stateful_connection import settle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection
    from hxtwin.runtime import PlaybackProgramBuilder


class NeuronCodeCalib(Calib):
    """A calibration whose parameter is the code of a cell of all 512 neurons.

    Args:
        path: column of `AtomicNeuron`, e.g. ``"leak.v_leak"``.
        upper: largest code.
        inverted, target: as of `Calib`.
    """

    def __init__(
        self, path: str, *, upper: int = LARGEST_CODE, inverted: bool = False, target: ArrayLike | None = None
    ) -> None:
        super().__init__(ParameterRange(0, upper), NEURONS, inverted=inverted, target=target)
        self.path = NEURON + path

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Writes the codes and waits until they have settled."""
        connection.configure(builder, {self.path: parameters})
        settle(builder)
