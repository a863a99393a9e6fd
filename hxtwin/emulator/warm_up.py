"""Warming up: a small experiment on a twin of its own, so that no host waits for a kernel to be compiled.

The experiment touches every unit once: bring-up, a chip in which each kind of circuit is used somewhere, spikes from
the host and from background sources, both ADCs. What it gives does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import containers, coord, runtime
from hxtwin.chipsim.twin import Twin
from hxtwin.comm import InProcessConnection

if TYPE_CHECKING:
    from hxtwin.chipsim.options import TwinOptions

_NEURONS: Final = 512
_PART_CYCLES: Final = 1250
"""FPGA cycles of each part of the experiment, 10 us."""
_MADC_SAMPLES: Final = 100


def warm_up(options: TwinOptions) -> None:
    """Compiles or loads every kernel that a twin needs.

    Args:
        options: of the twin that will be used.
    """
    builder, _ = runtime.generate(runtime.SystemInit())
    builder.write(coord.ChipOnDLS(), _chip())
    for source, is_random in enumerate((False, True)):  # last: an access takes longer while events move
        config = containers.BackgroundSpikeSource(enable=True, enable_random=is_random, period=1000)
        builder.write(coord.BackgroundSpikeSourceOnDLS(source), config)
    builder.write(coord.MADCControlOnDLS(), containers.MADCControl(wake_up=True, enable_pre_amplifier=True))
    builder.wait_for(_PART_CYCLES)
    builder.write(coord.MADCControlOnDLS(), containers.MADCControl(start_recording=True, enable_pre_amplifier=True))
    for pack, of_pack in (
        (containers.SpikePack1ToChip, coord.SpikePack1ToChipOnDLS),
        (containers.SpikePack2ToChip, coord.SpikePack2ToChipOnDLS),
        (containers.SpikePack3ToChip, coord.SpikePack3ToChipOnDLS),
    ):
        builder.write(of_pack(), pack())
    builder.write(coord.PADIEventOnDLS(0), containers.PADIEvent(fire_bus=np.ones(4, dtype=np.bool_)))
    builder.write(coord.NeuronResetOnDLS(0), containers.NeuronReset())
    builder.wait_for(_PART_CYCLES)
    builder.read(coord.CADCSamplesOnDLS())
    builder.barrier(omnibus=True)
    with InProcessConnection(Twin(options=options)) as connection:
        runtime.run(connection, builder.done())


def _chip() -> containers.Chip:
    """A chip on which every kind of circuit is used by some neuron."""
    neuron = np.arange(_NEURONS)
    atomic, drivers = "neuron_block.atomic_neurons", "synapse_driver_blocks.synapse_drivers"
    return containers.Chip().with_columns(
        {
            f"{drivers}.enable_receiver": np.ones((2, 128), dtype=np.bool_),
            f"{drivers}.enable_stp": np.broadcast_to(np.arange(128) % 2 == 1, (2, 128)),
            f"{drivers}.enable_hagen_modulation": np.broadcast_to(np.arange(128) % 4 == 3, (2, 128)),
            f"{drivers}.row_mode_top": np.full((2, 128), containers.SynapseRowMode.EXCITATORY),
            f"{drivers}.row_mode_bottom": np.full((2, 128), containers.SynapseRowMode.INHIBITORY),
            "synapse_driver_blocks.padi_bus.enable_spl1": np.ones((2, 4), dtype=np.bool_),
            "synapse_blocks.matrix.weights": np.full((2, 256, 256), 63),
            "neuron_block.current_rows.enable_synaptic_current_excitatory": np.ones((2, 256), dtype=np.bool_),
            "neuron_block.current_rows.enable_synaptic_current_inhibitory": np.ones((2, 256), dtype=np.bool_),
            f"{atomic}.excitatory_input.enable": np.ones(_NEURONS, dtype=np.bool_),
            f"{atomic}.excitatory_input.i_bias_tau": np.full(_NEURONS, 500),
            f"{atomic}.excitatory_input.i_bias_gm": np.full(_NEURONS, 500),
            f"{atomic}.inhibitory_input.enable": np.ones(_NEURONS, dtype=np.bool_),
            f"{atomic}.inhibitory_input.i_bias_tau": np.full(_NEURONS, 500),
            f"{atomic}.inhibitory_input.i_bias_gm": np.full(_NEURONS, 500),
            f"{atomic}.inhibitory_input.enable_coba_mode": neuron % 8 == 1,
            f"{atomic}.leak.v_leak": np.full(_NEURONS, 700),
            f"{atomic}.leak.i_bias": np.full(_NEURONS, 300),
            f"{atomic}.reset.v_reset": np.full(_NEURONS, 400),
            f"{atomic}.reset.i_bias": np.full(_NEURONS, 500),
            f"{atomic}.threshold.enable": np.ones(_NEURONS, dtype=np.bool_),
            f"{atomic}.threshold.v_threshold": np.where(neuron % 2, 500, 900),
            f"{atomic}.refractory_period.refractory_time": np.full(_NEURONS, 100),
            f"{atomic}.multicompartment.connect_right": neuron % 8 == 2,
            f"{atomic}.multicompartment.connect_soma": neuron % 8 == 3,
            f"{atomic}.multicompartment.enable_conductance": neuron % 8 == 3,
            f"{atomic}.constant_current.enable": neuron % 8 == 4,
            f"{atomic}.adaptation.enable": neuron % 8 == 5,
            f"{atomic}.exponential.enable": neuron % 8 == 5,
            f"{atomic}.event_routing.analog_output": np.full(_NEURONS, containers.AnalogOutput.NORMAL),
            f"{atomic}.event_routing.enable_digital": np.ones(_NEURONS, dtype=np.bool_),
            f"{atomic}.event_routing.address": neuron % 128,
            f"{atomic}.readout.enable_amplifier": neuron == 0,
            f"{atomic}.readout.enable_buffered_access": neuron == 0,
            "cadc_readout_chains.ramp.enable": np.ones(2, dtype=np.bool_),
            "cadc_readout_chains.channels_causal.enable_connect_neuron": np.ones((2, 256), dtype=np.bool_),
            "cadc_readout_chains.channels_acausal.enable_connect_correlation": np.ones((2, 256), dtype=np.bool_),
            "cadc_readout_chains.correlation.i_bias_ramp": np.full((2, 2), 100),
            "cadc_readout_chains.correlation.i_bias_store": np.full((2, 2), 100),
            "readout_chain.input_mux.neuron_even": np.array([[True, False], [False, False]]),
            "readout_chain.madc.number_of_samples": _MADC_SAMPLES,
        }
    )
