"""The configuration of the chip in which neurons are measured.

======================  =========================================================================================
columns                 correlation switches and CADC neuron readout on, both synaptic currents on
backend                 slow clock scale 9, fast clock scale 2; refractory counter 70 on the fast clock: 2.24 us
neurons                 readout amplifier, both inputs, fire output and leak division on; comparator off
analog cells            leak and reset 700, leak bias 200, reset bias 1012, shifts 310, tau 1017, gm and COBA 0
synapses                rows 0..7 of each hemisphere weight 10 and label 0; all others weight 0 and label 1
drivers                 receive, forward addresses, accept every row address
=========================================================================================

Codes of neuron cells carry noise of +-5. Reference: calibration.md 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hxtwin.calib.constants import COLUMNS, LARGEST_CODE, NEURONS
from hxtwin.calib.stateful_connection import wait
from hxtwin.containers import AnalogOutput, NeuronReadoutSource, RefractoryClock, SynapseRowMode
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

NEURON: Final = "neuron_block.atomic_neurons."
"""Prefix of the columns of neurons in a chip."""
DRIVER: Final = "synapse_driver_blocks.synapse_drivers."
"""Prefix of the columns of synapse drivers in a chip."""
INPUTS: Final = {"excitatory": f"{NEURON}excitatory_input.", "inhibitory": f"{NEURON}inhibitory_input."}
"""Prefixes of the columns of synaptic inputs."""

ACTIVE_ROWS: Final = 8
ROW_WEIGHT: Final = 10
_CLOCK_SCALE_SLOW, _CLOCK_SCALE_FAST = 9, 2
_REFRACTORY_TIME = 70
_RESET_DURATION = 5
_DRIVERS = 128


def configure_chip(connection: StatefulConnection, *, v_leak: int = 700, rows: int = ACTIVE_ROWS) -> None:
    """Writes the measurement configuration and waits until it has settled.

    Args:
        connection: the chip.
        v_leak: code of leak and reset.
        rows: synapse rows of each hemisphere that carry weight.
    """
    builder = PlaybackProgramBuilder()
    connection.configure(
        builder,
        {
            **_columns(),
            **_switches(),
            **_cells(connection, v_leak),
            **synapse_rows(rows, ROW_WEIGHT),
            **drivers(SynapseRowMode.EXCITATORY),
            "readout_chain.buffer_to_pad.amp_i_bias": [LARGEST_CODE, LARGEST_CODE],
        },
    )
    wait(builder, 100e-3)
    connection.run(builder)


def drivers(mode: SynapseRowMode) -> dict[str, Any]:
    """All drivers accept every event and drive both rows in one mode."""
    every = (2, _DRIVERS)
    return {
        f"{DRIVER}enable_receiver": np.ones(every, dtype=bool),
        f"{DRIVER}enable_address_out": np.ones(every, dtype=bool),
        f"{DRIVER}row_address_compare_mask": np.zeros(every, dtype=int),
        f"{DRIVER}row_mode_top": np.full(every, int(mode)),
        f"{DRIVER}row_mode_bottom": np.full(every, int(mode)),
    }


def synapse_rows(rows: int, weight: int) -> dict[str, Any]:
    """The first rows of each hemisphere get a weight and label 0, all others weight 0 and label 1."""
    weights = np.zeros((2, COLUMNS, COLUMNS), dtype=np.int64)
    weights[:, :rows] = weight
    labels = np.ones_like(weights)
    labels[:, :rows] = 0
    return {"synapse_blocks.matrix.weights": weights, "synapse_blocks.matrix.labels": labels}


def synaptic_inputs(connection: StatefulConnection, **codes: int | NDArray[np.int64] | None) -> dict[str, Any]:
    """Transconductances of the inputs, ``excitatory=`` and ``inhibitory=``; 0 disables an input, None leaves it.

    A number is spread over the neurons with noise, an array is taken as it is.
    """
    changes: dict[str, Any] = {}
    for name, code in codes.items():
        if code is None:
            continue
        array = connection.spread(code) if isinstance(code, int) else code
        changes[f"{INPUTS[name]}i_bias_gm"] = array
        changes[f"{INPUTS[name]}enable"] = np.full(NEURONS, bool(np.any(array)))
    return changes


def every(value: int | bool) -> NDArray[np.int64]:
    """One setting for all neurons."""
    return np.full(NEURONS, int(value))


def _columns() -> dict[str, Any]:
    on = np.ones((2, COLUMNS), dtype=bool)
    found: dict[str, Any] = {
        "neuron_block.current_rows.enable_synaptic_current_excitatory": on,
        "neuron_block.current_rows.enable_synaptic_current_inhibitory": on,
        "cadc_readout_chains.correlation.reset_duration": [_RESET_DURATION] * 2,
    }
    for kind in ("channels_causal", "channels_acausal"):
        found[f"cadc_readout_chains.{kind}.enable_connect_correlation"] = on
        found[f"cadc_readout_chains.{kind}.enable_connect_neuron"] = on
        found[f"cadc_readout_chains.{kind}.enable_connect_debug"] = ~on
    return found


def _switches() -> dict[str, Any]:
    settings = {
        "readout.enable_amplifier": 1,
        "readout.source": int(NeuronReadoutSource.MEMBRANE),
        "membrane_capacitance.capacitance": 63,
        "excitatory_input.enable": 1,
        "inhibitory_input.enable": 1,
        "excitatory_input.enable_high_resistance": 0,
        "inhibitory_input.enable_high_resistance": 0,
        "excitatory_input.enable_small_capacitance": 0,
        "inhibitory_input.enable_small_capacitance": 0,
        "excitatory_input.enable_coba_mode": 0,
        "inhibitory_input.enable_coba_mode": 0,
        "leak.enable_division": 1,
        "leak.enable_multiplication": 0,
        "leak.enable_degeneration": 0,
        "reset.enable_multiplication": 1,
        "reset.enable_division": 0,
        "threshold.enable": 0,
        "constant_current.enable": 0,
        "adaptation.enable": 0,
        "exponential.enable": 0,
        "event_routing.analog_output": int(AnalogOutput.NORMAL),
        "refractory_period.refractory_time": _REFRACTORY_TIME,
        "refractory_period.reset_holdoff": 15,
        "refractory_period.input_clock": int(RefractoryClock.FAST),
    }
    return {
        **{NEURON + path: every(value) for path, value in settings.items()},
        "neuron_block.backends.clock_scale_slow": [_CLOCK_SCALE_SLOW] * 2,
        "neuron_block.backends.clock_scale_fast": [_CLOCK_SCALE_FAST] * 2,
    }


def _cells(connection: StatefulConnection, v_leak: int) -> dict[str, Any]:
    codes = {
        "excitatory_input.i_bias_gm": 0,
        "inhibitory_input.i_bias_gm": 0,
        "excitatory_input.i_bias_coba": 0,
        "inhibitory_input.i_bias_coba": 0,
        "excitatory_input.i_shift_reference": 310,
        "inhibitory_input.i_shift_reference": 310,
        "excitatory_input.i_bias_tau": 1017,
        "inhibitory_input.i_bias_tau": 1017,
        "leak.i_bias": 200,
        "leak.v_leak": v_leak,
        "reset.v_reset": v_leak,
        "reset.i_bias": 1012,
        "constant_current.i_offset": 0,
    }
    return {
        **{NEURON + path: connection.spread(code) for path, code in codes.items()},
        "synapse_blocks.i_bias_dac": np.full((2, 2), LARGEST_CODE),
    }
