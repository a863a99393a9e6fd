"""The analog readout chain as one object, in the order in which a signal passes it.

::

    input_mux -> dynamic_mux -> pseudo_diff_converter -> madc_input_crossbar -> madc_preamp -> madc_debug_crossbar
    -> madc
              -> buffer_to_pad -> pad_mux
    source_measure_unit, current_dac: currents from and to the neurons and synapse lines

`MADCControl` and the field ``enable_iconv_amplifier`` of `MADCConfig` (always written 0) are not part of it.
"""

from __future__ import annotations

import attrs

from hxtwin.containers.capmem_cell import single_cell
from hxtwin.containers.container import Container
from hxtwin.containers.current_dac import CurrentDAC, CurrentSign
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import BoolArray, cell, flag, like, part, parts
from hxtwin.containers.layout import child, for_each, same, take, tree
from hxtwin.containers.madc import MADCConfig
from hxtwin.containers.pad_multiplexer import PadMultiplexerConfig
from hxtwin.containers.readout_source import ReadoutSourceSelection, SourceMultiplexer
from hxtwin.containers.record import ArrayOf, Record
from hxtwin.coord import (
    CapMemCellOnDLS,
    PadMultiplexerConfigOnDLS,
    ReadoutChainOnDLS,
    SourceMultiplexerOnReadoutSourceSelection,
)

(pad,) = variables("pad")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BufferToPad(Record):
    """Buffer behind a source multiplexer towards the pads."""

    enable: bool = flag("Enable the buffer; not needed for the path to the MADC.")
    amp_i_bias: int = cell("Bias of the buffer.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DynamicMux(Record):
    """Active multiplexer that can alternate between the two source multiplexers."""

    enable_amplifiers: bool = like(MADCConfig, "enable_active_mux_amplifiers")
    initially_selected_input: int = like(MADCConfig, "active_mux_initially_selected_input")
    input_select_length: int = like(MADCConfig, "active_mux_input_select_length")
    i_bias: int = cell("Bias of the active multiplexer.", default=500)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PseudoDifferentialConverter(Record):
    """Converter to pseudo-differential signals."""

    enable_reference: BoolArray = like(MADCConfig, "enable_pseudo_differential_reference")
    v_ref: int = cell("Reference voltage.", default=400)
    buffer_bias: int = cell("Bias of the buffer.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MADCInputCrossbar(Record):
    """What is connected in front of the pre-amplifier."""

    connect_source_measure_unit: bool = like(MADCConfig, "signal_selection_connect_current_meter")
    connect_dynamic_mux: bool = like(MADCConfig, "signal_selection_connect_active_mux")
    connect_pad_mux: bool = like(MADCConfig, "signal_selection_connect_debug")
    connect_madc_preamp: bool = like(MADCConfig, "signal_selection_connect_preamp")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MADCPreamp(Record):
    """Pre-amplifier of the membrane ADC."""

    gain_cap_size: int = like(MADCConfig, "preamp_gain_capacitor_size")
    sampling_window_start: int = like(MADCConfig, "preamp_sampling_window_start")
    sampling_window_end: int = like(MADCConfig, "preamp_sampling_window_end")
    v_ref: int = cell("Reference voltage of the pre-amplifier.", default=400)
    i_bias: int = cell("Bias of the pre-amplifier.", default=500)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MADCDebugCrossbar(Record):
    """Connections between pre-amplifier, membrane ADC and pads."""

    connect_preamp_to_madc: bool = like(MADCConfig, "connect_preamp_to_madc")
    connect_pads_to_madc: bool = like(MADCConfig, "connect_pads_to_madc")
    connect_preamp_to_pads: bool = like(MADCConfig, "connect_preamp_to_pads")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MADC(Record):
    """Membrane ADC.

    Sample rate: f = f_madc / (12 + sample_duration_adjust), with clock scaling additionally divided by
    2 * (clock_scale_value + 1); f_madc is 500 MHz by default (reference: containers-a.md 6.2).
    """

    sample_duration_adjust: int = like(MADCConfig, "sample_duration_adjust")
    enable_sar_reset_on_fall: bool = like(MADCConfig, "enable_sar_reset_on_fall")
    sar_reset_wait: int = like(MADCConfig, "sar_reset_wait")
    sar_reset_length: int = like(MADCConfig, "sar_reset_length")
    powerup_wait_value: int = like(MADCConfig, "powerup_wait_value")
    conversion_cycles_offset: int = like(MADCConfig, "conversion_cycles_offset")
    enable_calibration: bool = like(MADCConfig, "enable_calibration")
    calibration_wait_value: int = like(MADCConfig, "calibration_wait_value")
    number_of_samples: int = like(MADCConfig, "number_of_samples")
    sample_on_positive_edge: bool = like(MADCConfig, "sample_on_positive_edge")
    enable_dummy_data: bool = like(MADCConfig, "enable_dummy_data")
    enable_madc_clock_scaling: bool = like(MADCConfig, "enable_madc_clock_scaling")
    clock_scale_value: int = like(MADCConfig, "madc_clock_scale_value")
    in_500na: int = cell("Reference current of the converter.", default=500)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SourceMeasureUnit(Record):
    """Current meter for neuron and synapse lines."""

    sampling_window_start: int = like(MADCConfig, "iconv_sampling_window_start")
    sampling_window_end: int = like(MADCConfig, "iconv_sampling_window_end")
    connect_neuron_stimulus: BoolArray = like(MADCConfig, "connect_iconv_neuron")
    connect_synapse_debug: BoolArray = like(MADCConfig, "connect_iconv_synapse")
    test_voltage: int = cell("Voltage at which currents are measured.", default=400)
    buffer_i_bias: int = cell("Bias of the buffer.")
    amp_v_ref: int = cell("Reference voltage of the amplifier.", default=400)
    amp_i_bias: int = cell("Bias of the amplifier.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ReadoutCurrentDAC(Record):
    """Current source for neuron and synapse lines."""

    enable_current: bool = like(CurrentDAC, "enable_current")
    current: int = like(CurrentDAC, "current")
    sign: CurrentSign = like(CurrentDAC, "sign")
    connect_neuron_stimulus: BoolArray = like(CurrentDAC, "connect_neuron")
    connect_synapse_debug: BoolArray = like(CurrentDAC, "connect_synapse")
    i_bias: int = cell("Bias of the current source.")
    i_bias_casc: int = cell("Bias of its cascode.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ReadoutChain(Container):
    """Complete analog readout chain: multiplexers, converters, membrane ADC, pads, current meter and source."""

    layout = tree(
        coordinate=ReadoutChainOnDLS,
        children=(
            child(
                ReadoutSourceSelection,
                fields={"buffer": "input_mux", "enable_buffer_to_pad": "buffer_to_pad.enable"},
            ),
            single_cell(CapMemCellOnDLS.readout_out_amp_i_bias_0, take("buffer_to_pad.amp_i_bias", 0)),
            single_cell(CapMemCellOnDLS.readout_out_amp_i_bias_1, take("buffer_to_pad.amp_i_bias", 1)),
            single_cell(CapMemCellOnDLS.readout_ac_mux_i_bias, "dynamic_mux.i_bias"),
            single_cell(CapMemCellOnDLS.readout_pseudo_diff_v_ref, "pseudo_diff_converter.v_ref"),
            single_cell(CapMemCellOnDLS.readout_pseudo_diff_buffer_bias, "pseudo_diff_converter.buffer_bias"),
            single_cell(CapMemCellOnDLS.readout_sc_amp_v_ref, "madc_preamp.v_ref"),
            single_cell(CapMemCellOnDLS.readout_sc_amp_i_bias, "madc_preamp.i_bias"),
            single_cell(CapMemCellOnDLS.readout_madc_in_500na, "madc.in_500na"),
            for_each({pad: PadMultiplexerConfigOnDLS.size}, child(PadMultiplexerConfig, at={"pad": pad}, of="pad_mux")),
            single_cell(CapMemCellOnDLS.readout_iconv_sc_amp_v_ref, "source_measure_unit.amp_v_ref"),
            single_cell(CapMemCellOnDLS.readout_iconv_sc_amp_i_bias, "source_measure_unit.amp_i_bias"),
            single_cell(CapMemCellOnDLS.readout_iconv_test_voltage, "source_measure_unit.test_voltage"),
            single_cell(CapMemCellOnDLS.readout_iconv_i_bias_buffer, "source_measure_unit.buffer_i_bias"),
            single_cell(CapMemCellOnDLS.readout_idac_i_bias, "current_dac.i_bias"),
            single_cell(CapMemCellOnDLS.readout_idac_i_bias_casc, "current_dac.i_bias_casc"),
            child(
                CurrentDAC,
                fields={
                    **same("enable_current", "current", "sign", prefix="current_dac."),
                    "connect_neuron": "current_dac.connect_neuron_stimulus",
                    "connect_synapse": "current_dac.connect_synapse_debug",
                },
            ),
            child(
                MADCConfig,
                fields={
                    "enable_active_mux_amplifiers": "dynamic_mux.enable_amplifiers",
                    "active_mux_initially_selected_input": "dynamic_mux.initially_selected_input",
                    "active_mux_input_select_length": "dynamic_mux.input_select_length",
                    "enable_pseudo_differential_reference": "pseudo_diff_converter.enable_reference",
                    "signal_selection_connect_current_meter": "madc_input_crossbar.connect_source_measure_unit",
                    "signal_selection_connect_active_mux": "madc_input_crossbar.connect_dynamic_mux",
                    "signal_selection_connect_debug": "madc_input_crossbar.connect_pad_mux",
                    "signal_selection_connect_preamp": "madc_input_crossbar.connect_madc_preamp",
                    "preamp_gain_capacitor_size": "madc_preamp.gain_cap_size",
                    "preamp_sampling_window_start": "madc_preamp.sampling_window_start",
                    "preamp_sampling_window_end": "madc_preamp.sampling_window_end",
                    **same(
                        "connect_preamp_to_madc",
                        "connect_pads_to_madc",
                        "connect_preamp_to_pads",
                        prefix="madc_debug_crossbar.",
                    ),
                    **same(
                        "sample_duration_adjust",
                        "enable_sar_reset_on_fall",
                        "sar_reset_wait",
                        "sar_reset_length",
                        "powerup_wait_value",
                        "conversion_cycles_offset",
                        "enable_calibration",
                        "calibration_wait_value",
                        "number_of_samples",
                        "sample_on_positive_edge",
                        "enable_dummy_data",
                        "enable_madc_clock_scaling",
                        prefix="madc.",
                    ),
                    "madc_clock_scale_value": "madc.clock_scale_value",
                    "iconv_sampling_window_start": "source_measure_unit.sampling_window_start",
                    "iconv_sampling_window_end": "source_measure_unit.sampling_window_end",
                    "connect_iconv_neuron": "source_measure_unit.connect_neuron_stimulus",
                    "connect_iconv_synapse": "source_measure_unit.connect_synapse_debug",
                },
            ),
        ),
    )
    input_mux: ArrayOf[SourceMultiplexer] = parts(
        SourceMultiplexer, "Source multiplexers.", index=SourceMultiplexerOnReadoutSourceSelection
    )
    buffer_to_pad: ArrayOf[BufferToPad] = parts(
        BufferToPad, "Buffers towards the pads.", index=SourceMultiplexerOnReadoutSourceSelection
    )
    dynamic_mux: DynamicMux = part(DynamicMux, "Active multiplexer.")
    pseudo_diff_converter: PseudoDifferentialConverter = part(
        PseudoDifferentialConverter, "Pseudo-differential converter."
    )
    madc_input_crossbar: MADCInputCrossbar = part(MADCInputCrossbar, "Connections in front of the pre-amplifier.")
    madc_preamp: MADCPreamp = part(MADCPreamp, "Pre-amplifier.")
    madc_debug_crossbar: MADCDebugCrossbar = part(MADCDebugCrossbar, "Connections behind the pre-amplifier.")
    madc: MADC = part(MADC, "Membrane ADC.")
    pad_mux: ArrayOf[PadMultiplexerConfig] = parts(
        PadMultiplexerConfig, "Multiplexers in front of the pads.", index=PadMultiplexerConfigOnDLS
    )
    source_measure_unit: SourceMeasureUnit = part(SourceMeasureUnit, "Current meter.")
    current_dac: ReadoutCurrentDAC = part(ReadoutCurrentDAC, "Current source.")
