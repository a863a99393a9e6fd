"""Answers do not depend on how the words of a program are cut into calls: UDP delivers frames, not programs.

Programs of random parts, each of which another joint of the twin has to get right:

===========  =====================================================================================================
subject      what may depend on the end of a call
===========  =====================================================================================================
events       the step that an event, a forced fire or a write meets; when a burst of writes is over
network      accesses that wait for the event network while neurons are awake
reset        when neurons are held, and released together with those of the other half
readout      how many conversions are made at once, and the end of a recording
plasticity   resets of correlation sensors between pulses and conversions
everything   all of these
===========  =====================================================================================================
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from acceptance.bench import Setting, label

from hxtwin import containers, coord, runtime
from hxtwin.chipsim import Twin, TwinOptions
from hxtwin.comm import ut

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Words = NDArray[np.uint64]
    Part = Callable[["Draft"], None]

HALT = np.array([0x0A00000000000000], dtype=np.uint64)
FIRING = (7, 8, 9, 20, 21, 300)
NODES = [node for node in coord.CrossbarNodeOnDLS.all() if int(node.to_crossbar_input_on_dls()) < 9][:24]
PARTS = 25
SINGLE = 1
FRAME = 180
"""Words of a UDP frame, about."""


class Draft:
    """A program in the making."""

    def __init__(self, seed: int, builder: runtime.PlaybackProgramBuilder) -> None:
        self.rng = np.random.default_rng(seed)
        self.builder = builder
        self.setting = Setting(builder)

    def below(self, end: int) -> int:
        return int(self.rng.integers(0, end))

    def words(self) -> Words:
        self.builder.barrier(omnibus=True)
        return np.concatenate([ut.encode_array(self.builder.done().messages), HALT])


def spikes(draft: Draft) -> None:
    times = 1 + np.sort(draft.rng.uniform(0, draft.rng.choice([1, 5, 20]), 1 + draft.below(20)))
    draft.setting.spikes(times, label(draft.below(4)))


def padi_event(draft: Draft) -> None:
    event = containers.PADIEvent(fire_bus=np.array([False, True, True, True]), row_select_address=draft.below(32))
    draft.builder.write(coord.PADIEventOnDLS(draft.below(2)), event)


def forced_fire(draft: Draft) -> None:
    draft.setting.reset_neuron(FIRING[draft.below(len(FIRING))])


def hold(draft: Draft) -> None:
    """Holds neurons in reset, or releases them, of one half or both."""
    halves = [[0], [1], [0, 1]][draft.below(3)]
    held = bool(draft.below(2))
    draft.setting.columns(containers.CommonNeuronBackendConfig, halves, clock_scale_slow=3, force_reset=held)


def background(draft: Draft) -> None:
    source = containers.BackgroundSpikeSource(
        enable=bool(draft.below(2)),
        enable_random=bool(draft.below(2)),
        period=100 + 100 * draft.below(4),
        rate=60,
        seed=77 + draft.below(9),
        neuron_label=label(draft.below(4)),
    )
    draft.builder.write(coord.BackgroundSpikeSourceOnDLS(draft.below(8)), source)


def weights(draft: Draft) -> None:
    draft.setting.synapses(8 * draft.below(4), {circuit: draft.below(64) for circuit in (7, 8, 9)})


def leak(draft: Draft) -> None:
    draft.setting.cells("v_leak", [7 + draft.below(3)], 500 + draft.below(300))


def crossbar(draft: Draft) -> None:
    """Lets events of neurons, or of the link, through or not."""
    target = draft.below(2)
    for node in NODES[draft.below(2) :: 2]:
        draft.builder.write(node, containers.CrossbarNode(mask=0, target=target))


def spike_counters(draft: Draft) -> None:
    for neuron in (7, 8, 20):
        draft.builder.read(coord.SpikeCounterReadOnDLS(neuron), containers.SpikeCounterRead)
    if draft.below(2):
        draft.builder.write(coord.SpikeCounterResetOnDLS(7), containers.SpikeCounterReset())


def event_counters(draft: Draft) -> None:
    for output in range(12):
        draft.builder.read(coord.CrossbarOutputOnDLS(output), containers.CrossbarOutputEventCounter)


def conversions(draft: Draft) -> None:
    for _ in range(1 + draft.below(3)):
        draft.builder.read(coord.CADCSampleRowOnDLS(draft.below(512)), containers.CADCSampleRow)


def recording(draft: Draft) -> None:
    draft.setting.record()


def correlation_reset(draft: Draft) -> None:
    draft.builder.write(coord.CorrelationResetOnDLS(draft.below(4096)), containers.CorrelationReset())


def wait(draft: Draft) -> None:
    draft.setting.wait_us(float(draft.rng.choice([0.03, 0.2, 1.1, 5, 15, 40])))


def busy(draft: Draft) -> None:
    """Words that do nothing, between which a cut is anywhere in what is under way to the chip."""
    for _ in range(20 + draft.below(50)):
        draft.builder.reset_timer()


SUBJECTS: dict[str, tuple[Part, ...]] = {
    "events": (spikes, padi_event, forced_fire, weights, leak, wait, busy, busy),
    "network": (spikes, background, crossbar, spike_counters, event_counters, forced_fire, busy, busy),
    "reset": (hold, hold, hold, spikes, forced_fire, leak, conversions, wait, busy, busy),
    "readout": (conversions, recording, forced_fire, leak, wait, wait, busy, busy),
    "plasticity": (spikes, forced_fire, correlation_reset, conversions, wait, busy, busy),
}
SUBJECTS["everything"] = tuple(part for parts in SUBJECTS.values() for part in parts)


@functools.cache
def configuration(*, remembers: bool) -> Words:
    """Some neurons fire, two by themselves; sensors that remember, or conversions that may run ahead."""
    draft = Draft(0, runtime.generate(runtime.SystemInit())[0])
    v_leak = np.full(512, 574)
    v_leak[[20, 21, 300]] = 800
    biases = {"syn_i_bias_store": 35, "syn_i_bias_ramp": 40} if remembers else {}
    fires = np.isin(np.arange(512), FIRING)
    draft.setting.operating_point({"v_leak": v_leak, **biases}, {"enable_fire": fires})
    for row in range(4):
        draft.setting.synapses(8 * row, {7: 63, 8: 40, 9: 20 + row})
    counted = containers.CrossbarOutputConfig(enable_event_counter=np.ones(12, dtype=np.bool_))
    draft.builder.write(coord.CrossbarOutputConfigOnDLS(), counted)
    draft.setting.wait_us(400)
    draft.setting.membrane_adc(8, samples=300)
    return draft.words()


def program(subject: str, seed: int) -> Words:
    draft = Draft(seed, runtime.PlaybackProgramBuilder())
    parts = SUBJECTS[subject]
    for _ in range(PARTS):
        parts[draft.below(len(parts))](draft)
    conversions(draft)
    return draft.words()


def twin() -> Twin:
    device = Twin(options=TwinOptions(chip=7))
    device.reset()
    return device


def pieces(words: Words, length: int) -> list[Words]:
    """Pieces of random lengths around one; of single words where the length is 1."""
    if length == SINGLE:
        return np.split(words, np.arange(1, len(words)))
    cuts = np.cumsum(np.random.default_rng(length).integers(1, 2 * length, len(words)))
    return np.split(words, cuts[cuts < len(words)])


CASES = [
    ("events", 4, 5),
    ("events", 4, SINGLE),
    ("network", 1, 5),
    ("network", 7, SINGLE),
    ("network", 11, 5),
    ("reset", 1, 5),
    ("reset", 2, SINGLE),
    ("readout", 1, 5),
    ("readout", 7, 40),
    ("readout", 13, 5),
    ("readout", 14, FRAME),
    ("plasticity", 0, 5),
    ("plasticity", 5, SINGLE),
    ("everything", 3, 5),
    ("everything", 7, 5),
    ("everything", 2, FRAME),
]
"""Subject, seed of the program, words in a piece."""


@pytest.mark.parametrize(("subject", "seed", "length"), CASES)
def test_answers_do_not_depend_on_where_a_program_is_cut(subject: str, seed: int, length: int) -> None:
    """A second program, in frames, shows what the twin remembers of the first one."""
    whole, cut = twin(), twin()
    start = configuration(remembers=subject == "plasticity" or (subject == "everything" and seed % 2 == 1))
    whole.feed(start)
    cut.feed(start)
    for words, words_of_piece in ((program(subject, seed), length), (program("readout", 100 + seed), FRAME)):
        answer = whole.feed(words)
        found = np.concatenate([cut.feed(piece) for piece in pieces(words, words_of_piece)])
        np.testing.assert_array_equal(found, answer)
        assert len(answer) > 100
