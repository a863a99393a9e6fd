"""Static configuration of a chip before an execution instance: everything, or the words that changed.

======================  ===================================================================================
case                    words written
======================  ===================================================================================
first configuration     all
hook ``pre_static``     the hook, then all
otherwise               those that differ from the configuration that is there
======================  ===================================================================================

When a cell of the capacitive memory changed, or everything was written, 100 ms pass until it has settled. Whole
configurations are compared word by word: encoding 126 842 words takes less time than looking for the fields that
changed when all weights did. Source: reference execution.md 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.containers import Chip
from hxtwin.coord import ChipOnDLS
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.runtime import PlaybackProgram

SETTLING: Final = 12_500_000
"""Time in which the capacitive memory settles, FPGA cycles: 100 ms."""
_CAPMEM_BLOCKS: Final = (0x140000, 0x150000)
_BLOCK_MASK: Final = 0xFFFF0000
_HERE: Final = ChipOnDLS()


@attrs.frozen(eq=False)
class StaticConfiguration:
    """A configuration and how to get there.

    Attributes:
        words: all words of the chip, ``uint32[126842]``.
        base: the words that have to be on the chip before; None: anything.
        program: what writes the difference; None: nothing to write.
        changed: number of words written.
        settles: whether the program waits for the capacitive memory.
    """

    words: NDArray[np.uint32]
    base: NDArray[np.uint32] | None
    program: PlaybackProgram | None
    changed: int
    settles: bool


def configuration_words(chip: Chip) -> NDArray[np.uint32]:
    """All words of a chip in the order of its addresses, ``uint32[126842]``."""
    return chip.encode(_HERE)


def static_configuration(
    words: NDArray[np.uint32], base: NDArray[np.uint32] | None, hook: PlaybackProgramBuilder | None = None
) -> StaticConfiguration:
    """Plans the way to a configuration.

    Args:
        words: configuration wanted.
        base: configuration that is there; None: unknown.
        hook: program part in front; it is taken over. With one, everything is written.
    """
    addresses = Chip.write_addresses(_HERE)
    if hook is not None and not hook.empty():
        base = None
    changed = np.arange(len(words)) if base is None else np.flatnonzero(words != base)
    if not len(changed):
        return StaticConfiguration(words, base, None, 0, settles=False)
    builder = PlaybackProgramBuilder()
    if hook is not None:
        builder.merge_back(hook)
    builder.write_words(addresses[changed], words[changed])
    builder.barrier(omnibus=True)
    settles = base is None or bool(np.isin(addresses[changed] & _BLOCK_MASK, _CAPMEM_BLOCKS).any())
    if settles:
        builder.wait_for(SETTLING)
    return StaticConfiguration(words, base, builder.done(), len(changed), settles)
