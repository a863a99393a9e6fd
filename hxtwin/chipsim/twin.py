"""The twin of FPGA and chip: words in, words out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.chip import Chip
from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.fpga.fpga import Fpga
from hxtwin.chipsim.fpga.instruction_words import instructions
from hxtwin.chipsim.fpga.playback import Playback
from hxtwin.chipsim.once_log import OnceLog
from hxtwin.chipsim.options import DEFAULT_OPTIONS, TwinOptions
from hxtwin.chipsim.parameters import DEFAULTS, Parameters
from hxtwin.comm.arq.bitfile import information_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.probe import Probe

_PIECE: Final = 1 << 20
"""Words executed at once: bounds the memory that a long program takes."""


class Twin:
    """FPGA and chip behind the `Device` protocol of `hxtwin.comm`.

    Args:
        parameters: numbers of the twin.
        options: which chip, and how it is computed.
        probe: records internal signals; None: nothing is recorded.
    """

    def __init__(
        self,
        parameters: Parameters = DEFAULTS,
        *,
        options: TwinOptions = DEFAULT_OPTIONS,
        probe: Probe | None = None,
    ) -> None:
        self.options: Final = options
        self._log = OnceLog()
        chip = Chip(parameters, self._log, options, probe)
        self._fpga = Fpga(parameters, options, self._log, chip, probe)
        self._playback = Playback(self._fpga)

    @property
    def information(self) -> str:
        """What the device says about itself, YAML: provenance of its answers (reference: host-arq.md 6, step 7)."""
        return information_text(version=0, compatible_until=0, setup="hxtwin", **self.options.facts())

    def reset(self) -> None:
        """Forgets the session; the state of the chip persists (reference: simulator-decisions.md 4)."""
        self._playback.reset()
        self._log.forget("")

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Executes words and returns the answers that they caused.

        Args:
            words: ``uint64[n]``, the next piece of the stream to the FPGA.

        Returns:
            ``uint64[m]``, the next piece of the stream from the FPGA.

        Raises:
            TwinArgumentError: `words` is no array ``uint64[n]``.
            UndefinedBehaviourError: the twin is strict, and the words are not what silicon defines (rules 8, 40).
        """
        _check_words(words)
        for first in range(0, len(words), _PIECE):
            decoded = instructions(words[first : first + _PIECE])
            if decoded.malformed:
                text = f"{decoded.malformed} words that are no instructions were ignored"
                self._fpga.undefined("program words", text)
            self._playback.execute(decoded)
        return self._fpga.responses.take_words()


def _check_words(words: object) -> None:
    if isinstance(words, np.ndarray) and words.dtype == np.uint64 and words.ndim == 1:
        return
    given = f"{words.dtype} of shape {words.shape}" if isinstance(words, np.ndarray) else type(words).__name__
    raise TwinArgumentError(f"words must be an array uint64[n], not {given}")
