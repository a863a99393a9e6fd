"""Offsets of the synapse drivers: the same pulse width with short-term plasticity.

With V_charge = V_recover the plasticity of a driver is frozen, and its pulse width depends on nothing but the mismatch
of its comparator and the offset, 0..15. A burst of events to a driver deflects the synaptic lines; eight drivers are
measured with one read, driver d on the columns d mod 8 of its hemisphere. Every CapMem block matches its drivers to
their median at offset 7. Afterwards the voltages of the target are written.

The lines keep a slow time constant instead of floating: they recover by themselves. Reference: calibration.md 5.3, 5.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hxtwin import coord
from hxtwin.calib import cadc_read
from hxtwin.calib.calib import Calib, ParameterRange
from hxtwin.calib.constants import COLUMNS, LARGEST_CODE, NEURONS, cycles
from hxtwin.calib.measurement_chip import DRIVER, INPUTS, NEURON, drivers, every
from hxtwin.calib.stateful_connection import settle
from hxtwin.containers import NeuronReadoutSource, PADIEvent, SynapseRowMode
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection
    from hxtwin.calib.target import STPCalibTarget

DRIVERS: Final = 256
"""Synapse drivers of a chip, 128 * hemisphere + driver."""
_HALF: Final = DRIVERS // 2
_PARALLEL: Final = 8
_BUSES: Final = 4
_CENTRE: Final = 7
_RANGE: Final = ParameterRange(0, 15)
_V_STP: Final = 180
_RAMP: Final = 600
_WEIGHT: Final = 63
_EVENTS: Final = 6
_UTILIZATION: Final = 7
_WARM_UP: Final = 4  # the voltage of a driver moves by a fifth of the way with every event
_SPACING_S: Final = 0.1e-6
_TAU_CODE: Final = 40  # some 20 us with high resistance
_RECOVERY_S: Final = 250e-6
_BLOCK: Final = "synapse_driver_blocks."
_OFFSET: Final = f"{DRIVER}offset"


def block_of_driver() -> NDArray[np.int64]:
    """CapMem block of every driver: even drivers belong to the west one, odd ones to the east one, ``int64[256]``."""
    hemisphere, driver = np.divmod(np.arange(DRIVERS), _HALF)
    found: NDArray[np.int64] = 2 * hemisphere + driver % 2
    return found


class STPOffsetCalib(Calib):
    """Offsets of all drivers; see the docstring of this module.

    Args:
        voltages: voltages that are written at the end.
    """

    def __init__(self, voltages: STPCalibTarget) -> None:
        super().__init__(_RANGE, DRIVERS, inverted=True)
        self._voltages = voltages
        self._before: dict[str, Any] = {}

    def prelude(self, connection: StatefulConnection) -> None:
        """Freezes the plasticity, gives the drivers columns of their own, and measures the target."""
        shape = (2, _HALF)
        driver, column = np.arange(COLUMNS) // 2, np.arange(COLUMNS)
        own = driver[:, np.newaxis] % _PARALLEL == column % _PARALLEL
        temporary: dict[str, Any] = {
            **drivers(SynapseRowMode.EXCITATORY),
            f"{DRIVER}row_address_compare_mask": np.full(shape, 31),
            f"{DRIVER}enable_stp": np.ones(shape, dtype=bool),
            f"{DRIVER}utilization": np.full(shape, _UTILIZATION),
            f"{DRIVER}enable_hagen_dac": np.zeros(shape, dtype=bool),
            f"{DRIVER}enable_hagen_modulation": np.zeros(shape, dtype=bool),
            **{f"{prefix}enable": every(0) for prefix in INPUTS.values()},
            f"{INPUTS['excitatory']}i_bias_tau": connection.spread(_TAU_CODE),
            f"{INPUTS['excitatory']}enable_high_resistance": every(1),
            f"{NEURON}readout.source": every(NeuronReadoutSource.EXC_SYNIN),
            "synapse_blocks.matrix.weights": np.broadcast_to(own * _WEIGHT, (2, COLUMNS, COLUMNS)),
            "synapse_blocks.matrix.labels": np.zeros((2, COLUMNS, COLUMNS), dtype=int),
        }
        self._before = connection.columns(*temporary)
        frozen = {f"{_BLOCK}stp_{name}_0": np.full((2, 2), _V_STP) for name in ("v_charge", "v_recover")}
        ramp = {f"{_BLOCK}stp_{name}": np.full((2, 2), _RAMP) for name in ("i_ramp", "i_calib")}
        comparator = {f"{_BLOCK}stp_i_bias_comparator": np.full((2, 2), LARGEST_CODE)}
        self._configure(connection, {**temporary, **frozen, **ramp, **comparator})
        for _ in range(_WARM_UP):
            amplitudes = self.evaluate(connection, np.full(DRIVERS, _CENTRE))
        block = block_of_driver()
        self.set_target(np.array([np.median(amplitudes[block == b]) for b in range(4)])[block])

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Writes the offsets."""
        connection.configure(builder, {_OFFSET: parameters.reshape(2, _HALF)})

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Deflection of the lines by a burst of each driver, median over its columns, CADC values."""
        baseline = cadc_read.read_chip(builder)
        tickets = []
        for first in range(0, _HALF // _BUSES, _PARALLEL // _BUSES):
            builder.barrier(omnibus=True)
            builder.reset_timer()
            for event in range(_EVENTS):
                for on_bus in range(first, first + _PARALLEL // _BUSES):
                    _send(builder, on_bus)
                builder.wait_until(cycles((event + 1) * _SPACING_S))
            tickets.append(cadc_read.read_chip(builder))
            builder.barrier(omnibus=True)
            builder.wait_for(cycles(_RECOVERY_S))
        connection.run(builder)
        rest = cadc_read.neurons(baseline)
        deflection = np.stack([rest - cadc_read.neurons(ticket) for ticket in tickets])
        # group, hemisphere, column block, driver of the group
        by_driver = deflection.reshape(len(tickets), 2, NEURONS // 2 // _PARALLEL, _PARALLEL)
        median: NDArray[np.float64] = np.median(by_driver, axis=2).swapaxes(0, 1).reshape(DRIVERS)
        return median

    def postlude(self, connection: StatefulConnection) -> None:
        """Restores drivers, synapses and neurons, and writes the voltages of the target."""
        voltages = {
            f"{_BLOCK}stp_{name}": np.full((2, 2), getattr(self._voltages, name))
            for name in ("v_charge_0", "v_recover_0", "v_charge_1", "v_recover_1")
        }
        self._configure(connection, {**self._before, **voltages})

    @staticmethod
    def _configure(connection: StatefulConnection, changes: dict[str, Any]) -> None:
        builder = PlaybackProgramBuilder()
        connection.configure(builder, changes)
        settle(builder)
        connection.run(builder)


def _send(builder: PlaybackProgramBuilder, on_bus: int) -> None:
    """One event to the drivers of one place on all buses of both hemispheres."""
    event = PADIEvent(fire_bus=np.ones(_BUSES, dtype=bool), row_select_address=on_bus)
    for block in coord.PADIEventOnDLS.all():
        builder.write(block, event)
