"""What the two source multiplexers in front of membrane ADC and pads see.

======================  ===================================================================
input                   seen
======================  ===================================================================
neuron_even, _odd       circuits that are connected to the readout line of row and parity
debug_plus, _minus      voltage of the line, e.g. of the board
cadc_debug_*, synin_*   voltage of the line if something drives it
other                   0 V: not simulated
======================  ===================================================================

Several inputs on one multiplexer, or several circuits on one line: their mean. None, or a line that nothing drives:
0 V. Reference: containers-a.md 6.1, simulator-decisions.md 36.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import containers
from hxtwin.chipsim.readout.analog_nets import Net, NetVoltages
from hxtwin.chipsim.readout.register_fields import RegisterFields

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.readout.neuron_output import NeuronOutput
    from hxtwin.chipsim.registers.register_file import RegisterFile

MULTIPLEXERS: Final = 2
_LINES: Final = (
    ("debug_plus", Net.DEBUG_PLUS),
    ("debug_minus", Net.DEBUG_MINUS),
    ("synin_debug_inhibitory", Net.SYNIN_DEBUG_INHIBITORY),
    ("synin_debug_excitatory", Net.SYNIN_DEBUG_EXCITATORY),
    ("cadc_debug_causal", Net.CADC_DEBUG_CAUSAL),
    ("cadc_debug_acausal", Net.CADC_DEBUG_ACAUSAL),
)
_NEURON_LINES: Final = (("neuron_even", 0), ("neuron_odd", 1))
_SILENT: Final = ("current_dac",)
_ROWS: Final = 2


@attrs.frozen(eq=False)
class Mixture:
    """Voltage at the output of a source multiplexer: constant + sum of weight * voltage at a readout amplifier.

    Attributes:
        circuits: numbers of the circuits, 0..511, ascending, ``int64[n]``.
        weights: ``float64[n]``.
        constant: V.
    """

    circuits: NDArray[np.int64]
    weights: NDArray[np.float64]
    constant: float = 0.0

    @classmethod
    def silent(cls) -> Mixture:
        """0 V."""
        return cls(np.empty(0, np.int64), np.empty(0))


class SourceMultiplexers:
    """The two multiplexers of `ReadoutSourceSelection`."""

    def __init__(self, registers: RegisterFile) -> None:
        self._fields = RegisterFields(registers, containers.ReadoutSourceSelection)
        self._pads = RegisterFields(registers, containers.PadMultiplexerConfig)

    def mixtures(self, output: NeuronOutput, nets: NetVoltages) -> tuple[Mixture, Mixture]:
        """What both multiplexers see.

        Args:
            output: readout amplifiers.
            nets: voltages of the shared lines.
        """
        return self._mixture(0, output, nets), self._mixture(1, output, nets)

    def _mixture(self, multiplexer: int, output: NeuronOutput, nets: NetVoltages) -> Mixture:
        inputs: list[NDArray[np.int64] | float] = []
        for name, parity in _NEURON_LINES:
            inputs += [
                output.on_line(row, parity)
                for row in range(_ROWS)
                if self._fields.get(f"buffer.{name}", element=_ROWS * multiplexer + row)
            ]
        inputs += [
            0.0 if np.isnan(nets[net]) else nets[net]
            for name, net in _LINES
            if self._fields.get(f"buffer.{name}", element=multiplexer)
        ]
        inputs += [0.0 for name in _SILENT if self._fields.get(f"buffer.{name}", element=multiplexer)]
        inputs += [
            0.0
            for row in range(_ROWS)
            if self._fields.get("buffer.synapse_driver_debug", element=_ROWS * multiplexer + row)
        ]
        if not inputs:
            return Mixture.silent()
        share = 1.0 / len(inputs)
        weights = np.zeros(len(output.kind))
        constant = 0.0
        for seen in inputs:
            if isinstance(seen, float):
                constant += share * seen
            elif seen.size:
                weights[seen] += share / seen.size
        circuits = np.flatnonzero(weights).astype(np.int64)
        return Mixture(circuits, weights[circuits], constant)

    def at_pad(self, pad: int, output: NeuronOutput, nets: NetVoltages) -> Mixture:
        """What an instrument at a pad sees: the buffers that are connected to it, else what drives the pad."""
        connected = [
            self._mixture(multiplexer, output, nets)
            for multiplexer in range(MULTIPLEXERS)
            if self._fields.get("enable_buffer_to_pad", element=multiplexer)
            and self._pads.get("buffer_to_pad", pad, multiplexer)
        ]
        if connected:
            return _mean(connected)
        voltage = nets[Net(Net.PAD_0 + pad)]
        return attrs.evolve(Mixture.silent(), constant=0.0 if np.isnan(voltage) else voltage)


def _mean(mixtures: list[Mixture]) -> Mixture:
    share = 1.0 / len(mixtures)
    circuits = np.unique(np.concatenate([mixture.circuits for mixture in mixtures]))
    weights = np.zeros(circuits.size)
    for mixture in mixtures:
        weights[np.searchsorted(circuits, mixture.circuits)] += share * mixture.weights
    return Mixture(circuits, weights, share * sum(mixture.constant for mixture in mixtures))
