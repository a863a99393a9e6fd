"""A lab bench: a connection and the programs that bring a chip to the operating point of analog-model.md 12.

Everything goes through playback programs. Inputs come over the link: label ``64 * r + a`` sends address ``a`` to driver
``4 * r`` of the top half, that is to the synapse rows ``8 * r`` (excitatory) and ``8 * r + 1`` (inhibitory).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

import attrs
import numpy as np

from hxtwin import containers, coord, runtime
from hxtwin.chipsim.elaborate.cap_mem import NEURON_CELLS, SHARED_CELLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

US: Final = 125
"""FPGA cycles in a microsecond."""
CYCLE_US: Final = 8e-3
SAMPLE_US: Final = 17 / 500
"""Distance of samples of the membrane ADC."""
INVALID_SAMPLES: Final = 236
MADC_LSB: Final = 1.5e-3
MADC_ZERO: Final = -35e-3
CADC_LSB: Final = 4.5e-3
CADC_ZERO: Final = 0.060675

CELLS: Final = {
    "v_leak": 574,
    "v_reset": 433,
    "v_threshold": 340,
    "v_adapt_ref": 500,
    "v_exp": 900,
    "i_bias_leak": 168,
    "i_bias_reset": 1012,
    "i_bias_synin_exc_tau": 92,
    "i_bias_synin_inh_tau": 92,
    "i_bias_synin_exc_shift": 310,
    "i_bias_synin_inh_shift": 310,
    "i_bias_synin_exc_gm": 500,
    "i_bias_synin_inh_gm": 500,
    "syn_i_bias_dac": 600,
    "syn_i_bias_corout": 600,
    "neuron_i_bias_spike_comparator": 200,
    "neuron_i_bias_synin_drop": 300,
    "neuron_i_bias_readout_amp": 110,
    "neuron_i_bias_leak_source_follower": 100,
    "cadc_v_ramp_offset": 65,
    "cadc_i_ramp_slope": 350,
    "cadc_i_bias_comparator": 1022,
    "stp_i_ramp": 600,
    "stp_i_calib": 600,
    "stp_i_bias_comparator": 1022,
    "stp_v_charge_0": 100,
    "stp_v_recover_0": 400,
    "stp_v_charge_1": 330,
    "stp_v_recover_1": 50,
}
SWITCHES: Final = {
    "membrane_capacitor_size": 63,
    "enable_reset_multiplication": True,
    "enable_synaptic_input_excitatory": True,
    "enable_synaptic_input_inhibitory": True,
    "enable_synaptic_input_excitatory_high_resistance": True,
    "enable_synaptic_input_inhibitory_high_resistance": True,
    "enable_fire": True,
    "enable_threshold_comparator": True,
    "enable_readout_amplifier": True,
}
BACKEND: Final = {"refractory_time": 33, "reset_holdoff": 15, "enable_spike_out": True}
_MADC_BIASES: Final = ((12, 129), (13, 129), (14, 129))
_HALF: Final = 128
_EVERY: Final = np.arange(512)


def label(row: int, address: int = 0) -> int:
    """Label that sends an address to driver ``4 * row``."""
    return 64 * row + address


@attrs.define(eq=False)
class Bench:
    """A chip on a connection.

    Args:
        connection: to run programs on.
    """

    connection: runtime.Connection

    def begin(
        self, cells: Mapping[str, ArrayLike] | None = None, **switches: ArrayLike
    ) -> runtime.PlaybackProgramBuilder:
        """A program that brings the chip up anew, to the operating point and changes of it, and lets it come to rest.

        Spikes of before are not recorded.

        Args:
            cells: codes of CapMem cells, one for all or ``[512]`` circuits, shared cells one for all or ``[4]``.
            switches: fields of `NeuronConfig`, ``[512]`` or one for all.
        """
        recording = coord.EventRecordingConfigOnFPGA()
        builder = runtime.PlaybackProgramBuilder()
        silent = containers.EventRecordingConfig(enable_event_recording=False)
        builder.write(recording, silent)
        builder.merge_back(runtime.generate(runtime.SystemInit())[0])
        builder.write(recording, silent)
        Setting(builder).operating_point(cells or {}, switches)
        builder.wait_for(300 * US)
        builder.write(recording, containers.EventRecordingConfig(enable_event_recording=True))
        return builder

    def run(self, builder: runtime.PlaybackProgramBuilder) -> runtime.PlaybackProgram:
        """Runs a program until all its accesses are through."""
        builder.barrier(omnibus=True)
        program = builder.done()
        runtime.run(self.connection, program)
        return program


@attrs.define(eq=False)
class Setting:
    """Writes settings into a program."""

    builder: runtime.PlaybackProgramBuilder

    def operating_point(self, cells: Mapping[str, ArrayLike], switches: Mapping[str, ArrayLike]) -> None:
        """All settings, with changes; see `Bench.begin`."""
        codes = np.zeros((4, 24, 130), dtype=np.int64)
        for row, column in _MADC_BIASES:
            codes[:, row, column] = 500
        for name, code in {**CELLS, **cells}.items():
            if name in SHARED_CELLS:
                row, column = SHARED_CELLS[name]
                codes[:, row, column] = code
            else:
                codes[:, NEURON_CELLS[name], :_HALF] = np.broadcast_to(np.asarray(code), 512).reshape(4, _HALF)
        self.columns(containers.CapMemCell, np.arange(codes.size), value=codes.ravel())
        self.columns(containers.NeuronConfig, _EVERY, **{**SWITCHES, **switches})
        self.columns(containers.NeuronBackendConfig, _EVERY, address_out=_EVERY % 128, **BACKEND)
        self.columns(containers.CommonNeuronBackendConfig, np.arange(2), clock_scale_slow=3)
        self.columns(containers.ColumnCurrentQuad, _EVERY[:_HALF], **_all("enable_synaptic_current"))
        self.columns(
            containers.ColumnCorrelationQuad,
            _EVERY[:_HALF],
            enable_internal_causal=True,
            enable_internal_acausal=True,
            enable_cadc_neuron_readout_causal=True,
            enable_cadc_neuron_readout_acausal=True,
        )
        self.columns(containers.CADCConfig, np.arange(2), enable=True)
        self.columns(
            containers.SynapseDriverConfig,
            _EVERY[:_HALF:4],
            enable_receiver=True,
            row_mode_bottom=containers.SynapseRowMode.EXCITATORY,
            row_mode_top=containers.SynapseRowMode.INHIBITORY,
        )
        listen = containers.CommonPADIBusConfig(enable_spl1=np.array([True, False, False, False]))
        self.builder.write(coord.CommonPADIBusConfigOnDLS(0), listen)
        self.builder.barrier(omnibus=True)

    def columns(self, container: type[containers.Container], indices: ArrayLike, **columns: ArrayLike) -> None:
        """Fields of many containers; one value stands for all."""
        places = np.asarray(indices)
        shapes = container.default_columns(len(places))
        filled = {name: np.broadcast_to(np.asarray(value), shapes[name].shape) for name, value in columns.items()}
        self.builder.write_columns(container, places, filled)

    def neuron(self, circuit: ArrayLike, **switches: ArrayLike) -> None:
        """Switches of some circuits; others of these circuits are those of the operating point."""
        self.columns(containers.NeuronConfig, np.atleast_1d(circuit), **{**SWITCHES, **switches})

    def backend(self, circuit: ArrayLike, **fields: ArrayLike) -> None:
        """Backend of some circuits of the left half."""
        circuits = np.atleast_1d(circuit)
        entries = circuits % 256 + _HALF * (circuits // 256)
        given = {"address_out": circuits % 128, **BACKEND, **fields}
        self.columns(containers.NeuronBackendConfig, entries, **given)

    def cells(self, name: str, circuits: ArrayLike, codes: ArrayLike) -> None:
        """Codes of a cell of some circuits."""
        where = np.atleast_1d(circuits)
        index = 24 * 130 * (where // _HALF) + 130 * NEURON_CELLS[name] + where % _HALF
        self.columns(containers.CapMemCell, index, value=codes)

    def synapses(self, row: int, weights: Mapping[int, int], address: int = 0) -> None:
        """Weights of some columns of a row of the top half; all its labels are one address."""
        values = np.zeros(256, dtype=np.uint8)
        values[list(weights)] = list(weights.values())
        place = coord.SynapseRowOnDLS(row)
        labels = np.full(256, address, dtype=np.uint8)
        self.builder.write(place, containers.SynapseRow(weights=values, labels=labels))

    def silence(self) -> None:
        """No spikes leave any neuron."""
        self.columns(containers.NeuronBackendConfig, _EVERY, **{**BACKEND, "enable_spike_out": False})

    def membrane_adc(self, *circuits: int, samples: int, source: int = 0) -> None:
        """Connects one or two circuits to the membrane ADC; samples of two alternate.

        Args:
            circuits: first the one that is sampled first.
            samples: of one recording.
            source: readout source of the circuits.
        """
        lines = np.zeros((2, 2, 2), dtype=np.bool_)  # parity of the column, multiplexer, row
        for multiplexer, circuit in enumerate(circuits):
            self.neuron(circuit, enable_readout=True, readout_source=source)
            lines[circuit % 2, multiplexer, circuit // 256] = True
        selection = containers.ReadoutSourceSelection().with_columns(
            {"buffer.neuron_even": lines[0], "buffer.neuron_odd": lines[1]}
        )
        self.builder.write(coord.ReadoutSourceSelectionOnDLS(), selection)
        config = containers.MADCConfig(number_of_samples=samples, active_mux_input_select_length=len(circuits) - 1)
        self.builder.write(coord.MADCConfigOnDLS(), config)
        self.builder.write(coord.MADCControlOnDLS(), containers.MADCControl(enable_pre_amplifier=True, wake_up=True))
        self.builder.barrier(omnibus=True)
        self.wait_us(10)

    def record(self) -> None:
        """Starts the membrane ADC, for one recording."""
        for start in (True, False):
            control = containers.MADCControl(enable_pre_amplifier=True, start_recording=start)
            self.builder.write(coord.MADCControlOnDLS(), control)

    def spikes(self, times_us: ArrayLike, labels: ArrayLike) -> None:
        """Sends labels at times after now."""
        times = np.round(np.atleast_1d(times_us) * US).astype(np.int64)
        self.builder.reset_timer()
        self.builder.write_spike_train(times + 2, np.broadcast_to(np.asarray(labels), times.shape))

    def wait_us(self, time: float) -> None:
        """Waits."""
        self.builder.wait_for(round(time * US))

    def correlation_board(self) -> None:
        """Sets the voltages of the board that the correlation sensors need (analog-model.md 6)."""
        for channel, volts, reference in (
            (coord.DACChannelOnBoard.mux_dac_25, 1.85, 2.5),
            (coord.DACChannelOnBoard.v_res_meas, 0.9, 1.2),
        ):
            self.builder.write(channel, containers.DACChannel(value=int(volts / reference * 4095)))
        self.wait_us(100)

    def reset_neuron(self, circuit: int) -> None:
        """A fire of a circuit of the left half."""
        self.builder.write(coord.NeuronResetOnDLS(circuit % 256 + _HALF * (circuit // 256)), containers.NeuronReset())

    def read_cadc(self) -> runtime.ContainerTicket[containers.CADCSamples]:
        """Converts all columns of both halves at nearly the same time."""
        return self.builder.read(coord.CADCSamplesOnDLS(), containers.CADCSamples)


@attrs.define(eq=False)
class Trace:
    """A recording of the membrane ADC.

    Attributes:
        times: us after the start of the recording.
        volts: V.
    """

    times: NDArray[np.float64]
    volts: NDArray[np.float64]

    @classmethod
    def of(cls, program: runtime.PlaybackProgram, *, samples: int, recording: int = 0, channel: int = 0) -> Self:
        """The valid samples of one channel in one of the recordings of a program."""
        found = program.madc_samples[samples * recording : samples * (recording + 1)]
        numbers = np.arange(samples)
        mine = (found["channel"] == channel) & (numbers >= INVALID_SAMPLES)
        return cls(numbers[mine] * SAMPLE_US, found["value"][mine] * MADC_LSB + MADC_ZERO)

    def part(self, first: float, last: float) -> Self:
        """Samples between two times."""
        inside = (self.times >= first) & (self.times < last)
        return attrs.evolve(self, times=self.times[inside], volts=self.volts[inside])


def cadc_volts(read: ArrayLike) -> NDArray[np.float64]:
    """Voltage that a read of the calibrated column ADC stands for."""
    return CADC_ZERO + CADC_LSB * np.asarray(read, dtype=np.float64)


def chip_times(program: runtime.PlaybackProgram, spike_label: int | None = None) -> NDArray[np.float64]:
    """Time stamps of recorded spikes, us, ascending."""
    spikes = program.spikes
    chosen = spikes if spike_label is None else spikes[spikes["label"] == spike_label]
    return np.sort(chosen["chip_time"].astype(np.int64)) * CYCLE_US


def _all(prefix: str) -> dict[str, bool]:
    return {f"{prefix}_excitatory": True, f"{prefix}_inhibitory": True}
