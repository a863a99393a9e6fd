"""Recordings of all neurons with the membrane ADC, two neurons at a time.

::

    select, arm        | 8 us invalid | 2 us | stimulus .. sampling time | restore | wait between pairs
                       t = -8 us      0      2 us

The two neurons of a column are selected at a time, first all even columns and then the odd ones; the converter takes
samples of both by turns. All others neither fire nor drive a readout line, so that nothing but the selected neurons has
to be awake. A trace lasts many time constants, and only the recorded neurons are stimulated, or lines that recover
within the trace: the next recording follows at once unless a wait is asked for (the reference records one neuron at a
time and waits ten traces). All times in seconds; a recording begins behind the invalid samples. A trace with less than
95 % of the expected samples is an error. Reference: calibration.md 3.2, containers-a.md 6.1, 6.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import coord
from hxtwin.calib.constants import COLUMNS, NEURONS, cycles
from hxtwin.calib.errors import CalibNotSupported, TooFewSamplesError
from hxtwin.calib.neuron_sequence import NeuronSequence
from hxtwin.calib.stimulus import send_event
from hxtwin.containers import (
    AnalogOutput,
    AtomicNeuron,
    MADCConfig,
    MADCControl,
    NeuronConfig,
    NeuronReadoutSource,
    ReadoutSourceSelection,
)
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection
    from hxtwin.containers.record import ArrayOf

INVALID_S: Final = 8e-6
"""Beginning of every recording that is thrown away."""
BEFORE_STIMULUS_S: Final = 2e-6
"""From the first valid sample to the stimulus."""
DEAD_TIME_S: Final = 1e-6
"""Recordings are at least this far apart."""
INITIAL_WAIT_S: Final = 1000e-6
"""From waking the converter to the first recording."""
SELECTED_S: Final = 10e-6
"""From the selection of neurons to their first recording."""
LEAST_FRACTION: Final = 0.95
_PROGRAMS_OF_PARITY: Final = 2
_STRIDES: Final = (1, 2, 4, 8, 16, 32, 64)
_CONFIG_WORDS: Final = 6  # an atomic neuron begins with its NeuronConfig
_UNSEEN: Final = {"readout.enable_amplifier": False, "event_routing.analog_output": int(AnalogOutput.OFF)}
_SELECTED: Final = {"readout.enable_amplifier": True, "readout.enable_buffered_access": True}
"""Switches of the neurons that are recorded next."""
_FIRES: Final = {"event_routing.analog_output": int(AnalogOutput.NORMAL)}
"""What artificial resets and spikes need beside."""
_NEURONS = "neuron_block.atomic_neurons."


@attrs.frozen(eq=False)
class Recording:
    """Traces of neurons.

    Attributes:
        samples: MADC values 0..1023, ``float64[512, n]``; nan for neurons that are left out.
        interval_s: time between samples.
    """

    samples: NDArray[np.float64]
    interval_s: float

    @property
    def count(self) -> int:
        """Samples of a trace."""
        return int(self.samples.shape[1])


class RecordedNeurons:
    """What a stimulus acts on: the two neurons that are being recorded, of many recordings at once.

    Attributes:
        sequence: instructions of a recording; its timer runs from the start of the recording.
        which: neurons that the sequence is for, ``int64[n, 2]``: top, bottom.
    """

    def __init__(self, sequence: NeuronSequence, which: NDArray[np.int64], neurons: ArrayOf[AtomicNeuron]) -> None:
        self.sequence = sequence
        self.which = which
        self._before = self._neurons = neurons

    def switch(self, changes: Mapping[str, object]) -> None:
        """Changes switches of the recorded neurons until the end of their recording, columns of `AtomicNeuron`."""
        self._become(self._neurons.with_columns(_all_neurons(changes)))

    def send_event(self) -> None:
        """Sends one event to all synapse rows of both hemispheres."""
        send_event(self.sequence)

    def restore(self) -> None:
        """Takes back what `switch` changed."""
        self._become(self._before)

    def _become(self, neurons: ArrayOf[AtomicNeuron]) -> None:
        write_changes(self.sequence, self.which, self._neurons, neurons)
        self._neurons = neurons


def write_changes(
    sequence: NeuronSequence,
    which: NDArray[np.int64],
    before: ArrayOf[AtomicNeuron],
    after: ArrayOf[AtomicNeuron],
) -> None:
    """Writes the words of the switches in which neurons differ.

    Args:
        sequence: instructions.
        which: neurons of each repetition of the sequence, ``int64[n, k]``.
        before, after: all neurons.
    """
    addresses, words = switch_words(after)
    changed = (words != switch_words(before)[1])[which].reshape(-1, _CONFIG_WORDS).any(axis=0)
    if changed.any():
        repetitions = len(which)
        sequence.write_each(
            addresses[:, changed][which].reshape(repetitions, -1), words[:, changed][which].reshape(repetitions, -1)
        )


def switch_words(neurons: ArrayOf[AtomicNeuron]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Addresses and words of the switches of all neurons, ``uint32[512, 6]`` each."""
    index = np.arange(NEURONS)
    addresses = NeuronConfig.addresses_of(index).astype(np.uint32)
    return addresses, AtomicNeuron.encode_columns(neurons.columns(), index)[:, :_CONFIG_WORDS]


_PAIRS: Final = (
    np.arange(COLUMNS).reshape(-1, 2).T[:, :, np.newaxis] + np.array([0, COLUMNS], dtype=np.int64)  # top, bottom
)
"""Neurons that are recorded together, ``int64[2, 128, 2]``: parity of the column, pair, hemisphere."""


def unseen(neurons: ArrayOf[AtomicNeuron]) -> ArrayOf[AtomicNeuron]:
    """Neurons as they are while others are recorded."""
    return neurons.with_columns(_all_neurons(_UNSEEN))


def _all_neurons(changes: Mapping[str, object]) -> dict[str, NDArray[np.generic]]:
    return {path: np.broadcast_to(np.asarray(value), NEURONS) for path, value in changes.items()}


@attrs.frozen(kw_only=True)
class MADCRecorder:
    """How neurons are recorded.

    Attributes:
        sampling_s: length of a trace.
        between_s: wait behind every recording.
        fires: whether the stimulus resets neurons, or they spike: their fire output is on then.
        before_stimulus_s: from the first valid sample to the stimulus.
        source: voltage recorded.
        most_samples: the converter is slowed down until a recording has no more samples than this; long traces would
            only repeat what fits know already.
        stride: of the even and of the odd columns only each of this number is recorded, a power of 2 up to 64; for
            observables of quadrants.

    Raises:
        CalibNotSupported: another stride.
    """

    sampling_s: float = 40e-6
    between_s: float = 0.0
    fires: bool = False
    before_stimulus_s: float = BEFORE_STIMULUS_S
    source: NeuronReadoutSource = NeuronReadoutSource.MEMBRANE
    most_samples: int = 2000
    stride: int = 1

    def __attrs_post_init__(self) -> None:
        if type(self.stride) is not int or self.stride not in _STRIDES:
            raise CalibNotSupported(f"a stride of {self.stride!r} columns given; a power of 2 up to 64 is wanted")

    def record(
        self,
        connection: StatefulConnection,
        builder: PlaybackProgramBuilder,
        stimulate: Callable[[RecordedNeurons], None] | None = None,
        undo: Callable[[RecordedNeurons], None] | None = None,
    ) -> Recording:
        """Appends the recordings of the neurons, runs the program, and returns the traces.

        Args:
            connection: the chip.
            builder: what comes before.
            stimulate: appends the stimulus of every neuron; its timer runs from the start of the recording, the
                stimulus begins at ``INVALID_S + before_stimulus_s``.
            undo: appends what takes back changes of other neurons; that of the recorded one is taken back anyway.

        Raises:
            TooFewSamplesError: samples were lost.
        """
        before, scale = connection.chip, self._clock_scale()
        converter = MADCConfig(enable_madc_clock_scaling=scale is not None, madc_clock_scale_value=scale or 0)
        rate = converter.sample_rate_hz()
        wanted = int((INVALID_S + self.sampling_s) * rate)
        connection.configure(
            builder,
            {
                "readout_chain.madc.number_of_samples": wanted,
                "readout_chain.madc.enable_madc_clock_scaling": converter.enable_madc_clock_scaling,
                "readout_chain.madc.clock_scale_value": converter.madc_clock_scale_value,
                "readout_chain.dynamic_mux.initially_selected_input": 0,
                "readout_chain.dynamic_mux.input_select_length": 1,
                **{_NEURONS + path: column for path, column in _all_neurons(_UNSEEN).items()},
            },
        )
        builder.write(coord.MADCControlOnDLS(), MADCControl(wake_up=True, enable_pre_amplifier=True))
        builder.barrier(omnibus=True)
        builder.wait_for(cycles(INITIAL_WAIT_S))
        recordings, chosen = [], _PAIRS[:, :: self.stride]
        for parity, columns in enumerate(chosen):
            for pairs in np.split(columns, _PROGRAMS_OF_PARITY):
                builder.write(coord.ReadoutSourceSelectionOnDLS(), _readout_lines(parity))
                self._append(builder, connection, pairs, stimulate, undo)
                recordings.append(_recordings(connection.run(builder).madc_samples, len(pairs), wanted))
                builder = PlaybackProgramBuilder()
        connection.become(builder, before, {"neuron_block", "readout_chain"})
        mux = before.readout_chain
        builder.write(
            coord.ReadoutSourceSelectionOnDLS(),
            ReadoutSourceSelection(buffer=mux.input_mux, enable_buffer_to_pad=mux.buffer_to_pad["enable"]),
        )
        connection.run(builder)
        return Recording(_traces(recordings, chosen.reshape(-1), round(INVALID_S * rate / 2)), 2 / rate)

    def _clock_scale(self) -> int | None:
        """Divider of the converter's clock, 2 (scale + 1); None: the full clock."""
        too_many = (INVALID_S + self.sampling_s) * MADCConfig().sample_rate_hz() / self.most_samples
        return None if too_many <= 1 else int(np.ceil(too_many / 2)) - 1

    def _append(
        self,
        builder: PlaybackProgramBuilder,
        connection: StatefulConnection,
        pairs: NDArray[np.int64],
        stimulate: Callable[[RecordedNeurons], None] | None,
        undo: Callable[[RecordedNeurons], None] | None,
    ) -> None:
        """Recordings of pairs; their neurons are unseen before and behind."""
        idle = connection.chip.neuron_block.atomic_neurons
        switches = {**_SELECTED, "readout.source": int(self.source), **(_FIRES if self.fires else {})}
        selected = idle.with_columns(_all_neurons(switches))
        end = INVALID_S + self.sampling_s + DEAD_TIME_S
        sequence = NeuronSequence(len(pairs))
        sequence.reset_timer()
        # one pair takes the place of the other in one burst of writes
        write_changes(sequence, np.concatenate([pairs[:1], pairs[:-1]]), selected, idle)
        write_changes(sequence, pairs, idle, selected)
        sequence.barrier()
        sequence.wait_until(SELECTED_S)
        sequence.reset_timer()
        # the start bit is level sensitive: it is taken back at once, else a second recording would follow
        sequence.write(coord.MADCControlOnDLS(), MADCControl(start_recording=True, enable_pre_amplifier=True))
        sequence.write(coord.MADCControlOnDLS(), MADCControl(enable_pre_amplifier=True))
        sequence.wait_until(INVALID_S + self.before_stimulus_s)
        neurons = RecordedNeurons(sequence, pairs, selected)
        if stimulate is not None:
            stimulate(neurons)
        sequence.wait_until(end)
        neurons.restore()
        if undo is not None:
            undo(neurons)
        sequence.wait_until(end + self.between_s)
        sequence.append_to(builder)
        last = NeuronSequence(1)
        write_changes(last, pairs[-1:], selected, idle)
        last.append_to(builder)


def _readout_lines(parity: int) -> ReadoutSourceSelection:
    """The line of the even or odd columns of the top to the first input of the converter, of the bottom to the second.

    Args:
        parity: 0 even, 1 odd columns.
    """
    name = ("neuron_even", "neuron_odd")[parity]
    lines = {f"buffer[{hemisphere}].{name}": np.arange(2) == hemisphere for hemisphere in range(2)}
    return ReadoutSourceSelection().with_columns(lines)


def _recordings(samples: NDArray[np.void], count: int, wanted: int) -> NDArray[np.void]:
    """Samples cut at the gaps between recordings, ``[count, n]``."""
    gaps = np.flatnonzero(np.diff(samples["chip_time"].astype(np.int64)) > cycles(DEAD_TIME_S)) + 1
    starts = np.concatenate([[0], gaps]) if len(samples) else np.zeros(0, dtype=np.int64)
    lengths = np.diff(np.concatenate([starts, [len(samples)]]))
    if len(starts) != count or lengths.min() < LEAST_FRACTION * wanted:
        least = int(lengths.min()) if len(lengths) else 0
        raise TooFewSamplesError(
            f"the membrane ADC sent {len(samples)} samples in {len(starts)} recordings, the shortest of {least}; "
            f"{count} recordings of {wanted} samples are wanted"
        )
    found: NDArray[np.void] = samples[starts[:, np.newaxis] + np.arange(min(lengths.min(), wanted))]
    return found


def _traces(parts: list[NDArray[np.void]], neurons: NDArray[np.int64], invalid: int) -> NDArray[np.float64]:
    """Traces of all neurons without their invalid samples, ``float64[512, n]``; nan where nothing was recorded.

    Args:
        parts: recordings, top and bottom neuron by turns.
        neurons: the recorded neurons in the order of the recordings.
        invalid: samples of each neuron that are left out, at least one.
    """
    count = min(part.shape[1] for part in parts) // 2
    samples = np.concatenate([part[:, : 2 * count] for part in parts]).reshape(-1, count, 2)
    samples = samples[:, invalid:]
    # the channel bit lags by one sample: it is 1 where the sample comes from the first input
    second_first = samples["channel"][:, :1, :1] == 0
    values = samples["value"].astype(np.float64)
    values = np.where(second_first, values[..., ::-1], values)
    traces = np.full((NEURONS, values.shape[1]), np.nan)
    traces[neurons] = values.swapaxes(1, 2).reshape(len(neurons), -1)
    return traces
