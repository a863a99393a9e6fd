"""Which response leaves the FPGA in which cycle: answers first, then spikes, then MADC samples, three to a pack.

Rule 24 of simulator-decisions.md: at most one message in a cycle; an event that waits too long goes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER: Final = 1 << 62
DISCARDED: Final = 255
"""Code of an answer that is not sent."""
_LARGEST_PACK: Final = 3
_ELEMENT: Final = np.uint64(24)


@kernel
def schedule(
    until: int,
    free: int,
    urgency: int,
    answer_times: NDArray[np.int64],
    answer_codes: NDArray[np.uint8],
    answer_words: NDArray[np.uint64],
    spike_chip_cycles: NDArray[np.int64],
    spike_arrivals: NDArray[np.int64],
    spike_elements: NDArray[np.uint64],
    sample_chip_cycles: NDArray[np.int64],
    sample_arrivals: NDArray[np.int64],
    sample_elements: NDArray[np.uint64],
    spike_pack: int,
    sample_pack: int,
    cycles: NDArray[np.int64],
    codes: NDArray[np.uint8],
    lows: NDArray[np.uint64],
    highs: NDArray[np.uint8],
) -> tuple[int, int, int, int, int]:
    """Schedules messages for all cycles up to and including `until`.

    Args:
        until: last FPGA cycle.
        free: first FPGA cycle in which the stream is free.
        urgency: age in FPGA cycles from which a waiting event goes before answers.
        answer_times: FPGA cycle from which each answer waits, ascending; `answer_codes`, `answer_words` likewise.
        spike_chip_cycles: chip cycle of each spike; `spike_arrivals` FPGA cycle of arrival, ascending;
            `spike_elements` time stamp and label in 24 bits.
        sample_chip_cycles: the same for MADC samples, as `sample_arrivals` and `sample_elements`.
        spike_pack: code of a pack of one spike.
        sample_pack: code of a pack of one sample.
        cycles: receives the FPGA cycle of each message; `codes`, `lows`, `highs` likewise, as many as all inputs.

    Returns:
        Number of answers, of spikes and of samples taken, number of messages, first free cycle.
    """
    answer, spike, sample, n = 0, 0, 0, 0
    while True:
        ready = NEVER
        if answer < answer_times.size:
            ready = answer_times[answer]
        if spike < spike_arrivals.size:
            ready = min(ready, spike_arrivals[spike])
        if sample < sample_arrivals.size:
            ready = min(ready, sample_arrivals[sample])
        cycle = max(free, ready)
        if cycle > until:
            break
        spike_waits = spike < spike_arrivals.size and spike_arrivals[spike] <= cycle
        sample_waits = sample < sample_arrivals.size and sample_arrivals[sample] <= cycle
        take = 0
        if spike_waits and cycle - spike_chip_cycles[spike] // 2 >= urgency:
            take = 1
        elif sample_waits and cycle - sample_chip_cycles[sample] // 2 >= urgency:
            take = 2
        elif answer < answer_times.size and answer_times[answer] <= cycle:
            take = 0
        elif spike_waits:
            take = 1
        else:
            take = 2
        if take == 0:
            code = answer_codes[answer]
            if code == DISCARDED:
                answer += 1
                continue
            codes[n] = code
            lows[n] = answer_words[answer]
            highs[n] = 0
            answer += 1
        else:
            arrivals = spike_arrivals if take == 1 else sample_arrivals
            elements = spike_elements if take == 1 else sample_elements
            begin = spike if take == 1 else sample
            count = 1
            while count < _LARGEST_PACK and begin + count < arrivals.size and arrivals[begin + count] <= cycle:
                count += 1
            low = np.uint64(0)
            high = np.uint64(0)
            for k in range(count):
                high = (high << _ELEMENT) | (low >> np.uint64(40))
                low = (low << _ELEMENT) | elements[begin + k]
            codes[n] = np.uint8((spike_pack if take == 1 else sample_pack) + count - 1)
            lows[n] = low
            highs[n] = np.uint8(high)
            if take == 1:
                spike += count
            else:
                sample += count
        cycles[n] = cycle
        n += 1
        free = cycle + 1
    return answer, spike, sample, n, free
