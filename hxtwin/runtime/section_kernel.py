"""Lays out real-time sections: commands and spikes in time order, with waits in between.

In every section: reset of the timer; then commands and packs of spikes, each behind a wait if it is due later than the
next free cycle; then what follows the section. Commands come before spikes of the same time. Rule:
``cycle = max(time, first free cycle)``, every instruction takes one cycle (reference: runtime.md 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm.ut.kernels.compiler import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

SPIKES: Final = -1
"""Stands in `entry_commands` for a stretch of spikes."""
_LABEL_BITS: Final = np.uint64(16)


@kernel
def lay_out_sections(
    sections: int,
    times: Ints,
    starts: Ints,
    lengths: Ints,
    codes: NDArray[np.uint8],
    payloads: NDArray[np.uint64],
    spike_sections: Ints,
    spike_times: Ints,
    spike_labels: NDArray[np.uint16],
    largest_pack: int,
    wait_code: int,
    pack_code: int,
    out_codes: NDArray[np.uint8],
    out_payloads: NDArray[np.uint64],
    entry_begins: Ints,
    entry_commands: Ints,
) -> tuple[int, int, int, int]:
    """Lays out all sections.

    Args:
        sections: their number.
        times: time of each command, ascending, ``int64[m]``; the first is the reset of the timer, the last what follows
            a section, both without regard to their time.
        starts: first instruction of each command, ``int64[m]``.
        lengths: number of its instructions, ``int64[m]``.
        codes: codes of the recorded instructions.
        payloads: their payloads.
        spike_sections: section of each spike, ascending, ``int64[n]``.
        spike_times: its time, ascending within a section.
        spike_labels: its label.
        largest_pack: most labels of a pack.
        wait_code: code of the wait.
        pack_code: code of a pack of one label; larger ones follow.
        out_codes: receives codes; room for ``sections * (m + sum(lengths)) + 2 * n`` instructions.
        out_payloads: receives payloads.
        entry_begins: receives the first instruction of each command and of each stretch of spikes; room for
            ``sections * m + n``.
        entry_commands: receives the number of the command, or `SPIKES`.

    Returns:
        Number of instructions; number of entries; largest delay of anything, cycles; number of packs that leave late.
    """
    size, entries, largest_delay, late = 0, 0, 0, 0
    spike, spikes, commands = 0, spike_times.size, times.size
    for section in range(sections):
        now = -lengths[0]  # the reset makes the timer 0
        in_spikes = False
        command = 0
        while command < commands:
            has_spike = spike < spikes and spike_sections[spike] == section
            is_first, is_last = command == 0, command == commands - 1
            if has_spike and not is_first and (is_last or spike_times[spike] < times[command]):
                due, begin = spike_times[spike], size
                if due > now:
                    out_codes[size], out_payloads[size] = wait_code, due - 1
                    size += 1
                    now = due
                pack, count = np.uint64(0), 0
                while count < largest_pack and spike < spikes and spike_times[spike] == due:
                    if spike_sections[spike] != section:
                        break
                    pack = (pack << _LABEL_BITS) | np.uint64(spike_labels[spike])
                    count += 1
                    spike += 1
                out_codes[size], out_payloads[size] = pack_code + count - 1, pack
                size += 1
                if now > due:
                    late += 1
                    largest_delay = max(largest_delay, now - due)
                now += 1
                if not in_spikes:
                    entry_begins[entries], entry_commands[entries] = begin, SPIKES
                    entries += 1
                in_spikes = True
                continue
            in_spikes = False
            entry_begins[entries], entry_commands[entries] = size, command
            entries += 1
            if not is_first and not is_last:
                due = times[command]
                if due > now:
                    out_codes[size], out_payloads[size] = wait_code, due - 1
                    size += 1
                    now = due
                largest_delay = max(largest_delay, now - due)
            for k in range(starts[command], starts[command] + lengths[command]):
                out_codes[size], out_payloads[size] = codes[k], payloads[k]
                size += 1
            now += lengths[command]
            command += 1
    return size, entries, largest_delay, late
