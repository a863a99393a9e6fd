"""Membrane ADC: state machine control and configuration (registers 0..10 of the readout register file)."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import along, at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD
from hxtwin.containers.fields import BoolArray, flag, flags, uint
from hxtwin.containers.layout import leaf
from hxtwin.coord import HemisphereOnDLS, MADCConfigOnDLS, MADCControlOnDLS, SynapticInputOnNeuron

#: MADC clock with the default clock tree, and its cycles of a conversion.
MADC_CLOCK_HZ = 500e6
CONVERSION_CYCLES = 12


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MADCControl(Container):
    """Write-only control of the MADC state machine."""

    layout = leaf(
        coordinate=MADCControlOnDLS,
        write=0xC0000,
        notes="Register 0 of the readout register file.",
    )
    wake_up: bool = flag("Power up the MADC.", at(0, 0), access="wo")
    start_recording: bool = flag("Start a recording.", at(0, 1), access="wo")
    stop_recording: bool = flag("Stop an ongoing recording.", at(0, 2), access="wo")
    enable_power_down_after_sampling: bool = flag("Power down when the recording has finished.", at(0, 3), access="wo")
    enable_continuous_sampling: bool = flag("Sample until stopped, ignoring number_of_samples.", at(0, 4), access="wo")
    enable_pre_amplifier: bool = flag("Power the voltage pre-amplifier.", at(0, 5), access="wo")
    enable_iconv_amplifier: bool = flag("Power the current conversion amplifier.", at(0, 6), access="wo")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MADCConfig(Container):
    """Configuration of the membrane ADC and its analog front end."""

    layout = leaf(
        coordinate=MADCConfigOnDLS,
        words=10,
        address=0xC0001 + WORD,
        notes=(
            "16-bit registers 1..10 of the readout register file (register 0 is MADCControl). The encoder "
            "warns when active_mux_input_select_length > 1: channel assignment then lags by one sample and "
            "events may be lost. connect_iconv_synapse index uses SynapticInputOnNeuron: see values in "
            "prose."
        ),
    )
    active_mux_initially_selected_input: int = uint(
        "Source multiplexer connected for the first sample(s).", at(0, 3), maximum=1
    )
    active_mux_input_select_length: int = uint(
        "Number of successive samples taken per input before the active mux switches; 0 = never switch.",
        at(0, 4, 4),
        maximum=15,
    )
    sample_duration_adjust: int = uint(
        "Extra MADC clock cycles per sample (see sampling-rate formula).", at(0, 8, 3), maximum=7, default=5
    )
    enable_sar_reset_on_fall: bool = flag("SAR reset on the falling edge.", at(0, 11))
    sar_reset_wait: int = uint("SAR reset wait.", at(0, 12, 2), maximum=3, default=3)
    sar_reset_length: int = uint("SAR reset length.", at(0, 14, 2), maximum=3)
    powerup_wait_value: int = uint(
        "MADC clock cycles spent in the wake-up state before READY.", at(1, 0, 10), maximum=1023, default=96
    )
    conversion_cycles_offset: int = uint(
        "Added to the conversion cycles (hardware sums it with sample_duration_adjust).",
        at(1, 12, 4),
        maximum=15,
        default=12,
    )
    calibration_wait_value: int = uint("Wait time of the built-in calibration.", at(2, 0, 10), maximum=1023)
    enable_calibration: bool = flag("Enable the built-in self calibration.", at(2, 15))
    number_of_samples: int = uint(
        "Samples per recording unless continuous sampling is enabled.", at(3, 0, 16), maximum=65535
    )
    preamp_sampling_window_start: int = uint(
        "Rising edge of the pre-amplifier sampling window.", at(4, 0, 5), maximum=31, default=3
    )
    preamp_sampling_window_end: int = uint(
        "Falling edge of the pre-amplifier sampling window.", at(4, 5, 5), maximum=31, default=8
    )
    iconv_sampling_window_start: int = uint(
        "Rising edge of the current-conversion sampling window.", at(5, 0, 5), maximum=31, default=9
    )
    iconv_sampling_window_end: int = uint(
        "Falling edge of the current-conversion sampling window.", at(5, 5, 5), maximum=31, default=14
    )
    sample_on_positive_edge: bool = flag("Sample at the positive clock edge.", at(6, 0), default=True)
    enable_dummy_data: bool = flag("Replace samples by the low 10 bit of the sample counter.", at(6, 1))
    connect_preamp_to_madc: bool = flag("Debug crossbar: pre-amplifier to MADC.", at(7, 0), default=True)
    connect_pads_to_madc: bool = flag("Debug crossbar: pads to MADC.", at(7, 1))
    connect_preamp_to_pads: bool = flag("Debug crossbar: pre-amplifier to pads.", at(7, 2))
    preamp_gain_capacitor_size: int = uint("Gain capacitor of the pre-amplifier.", at(7, 3, 5), maximum=31, default=31)
    enable_madc_clock_scaling: bool = flag("Enable the clock divider.", at(8, 0))
    madc_clock_scale_value: int = uint("Clock divider: division by 2*(value+1).", at(8, 1, 12), maximum=4095)
    enable_active_mux_amplifiers: bool = flag("Power the amplifiers of the active mux.", at(9, 0), default=True)
    enable_pseudo_differential_reference: BoolArray = flags(
        "Connect the pseudo-differential reference antenna of the north/south hemisphere.",
        along(at(9, 1), 2, 1),
        index=HemisphereOnDLS,
    )
    signal_selection_connect_current_meter: bool = flag("Input crossbar: current conversion circuit.", at(9, 3))
    signal_selection_connect_active_mux: bool = flag("Input crossbar: active mux.", at(9, 4), default=True)
    signal_selection_connect_debug: bool = flag("Input crossbar: debug lines.", at(9, 5))
    signal_selection_connect_preamp: bool = flag("Input crossbar: pre-amplifier.", at(9, 6), default=True)
    enable_iconv_amplifier: bool = flag("Enable the internal amplifier of the current conversion circuit.", at(9, 7))
    connect_iconv_neuron: BoolArray = flags(
        "Connect the direct neuron access line of the hemisphere to the current meter.",
        along(at(9, 8), 2, 1),
        index=HemisphereOnDLS,
    )
    connect_iconv_synapse: BoolArray = flags(
        "Connect the synaptic debug line to the current meter.", along(at(9, 11), 2, -1), index=SynapticInputOnNeuron
    )

    def sample_rate_hz(self, madc_clock_hz: float = MADC_CLOCK_HZ) -> float:
        """Sample rate in Hz: clock / (12 + sample_duration_adjust), divided by 2 * (scale + 1) with clock scaling.

        Source: reference, containers-a.md 6.2.
        """
        clock = madc_clock_hz
        if self.enable_madc_clock_scaling:
            clock /= 2 * (self.madc_clock_scale_value + 1)
        return clock / (CONVERSION_CYCLES + self.sample_duration_adjust)
