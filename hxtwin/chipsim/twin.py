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
from hxtwin.chipsim.parameters import DEFAULTS, Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.events.synaptic_events import AnalogCore
    from hxtwin.chipsim.readout.cadc import ConversionSource

_PIECE: Final = 1 << 20
"""Words executed at once: bounds the memory that a long program takes."""


class Twin:
    """FPGA and chip behind the `Device` protocol of `hxtwin.comm`.

    Args:
        parameters: numbers of the twin.
        analog: the analog core; None: synapses and neurons do nothing, and the log says so.
        conversions: results of the column ADC; None: zeros, and the log says so.
    """

    def __init__(
        self,
        parameters: Parameters = DEFAULTS,
        analog: AnalogCore | None = None,
        conversions: ConversionSource | None = None,
    ) -> None:
        self._log = OnceLog()
        self._fpga = Fpga(parameters, self._log, Chip(parameters, self._log, analog, conversions))
        self._playback = Playback(self._fpga)

    def reset(self) -> None:
        """Forgets the session; the state of the chip persists (reference: simulator-decisions.md 4)."""
        self._playback.reset()

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Executes words and returns the answers that they caused.

        Args:
            words: ``uint64[n]``, the next piece of the stream to the FPGA.

        Returns:
            ``uint64[m]``, the next piece of the stream from the FPGA.

        Raises:
            TwinArgumentError: `words` is no array ``uint64[n]``.
        """
        _check_words(words)
        for first in range(0, len(words), _PIECE):
            decoded = instructions(words[first : first + _PIECE])
            if decoded.malformed:
                self._log.once("program words", f"{decoded.malformed} words that are no instructions were ignored")
            self._playback.execute(decoded)
        return self._fpga.responses.take_words()


def _check_words(words: object) -> None:
    if isinstance(words, np.ndarray) and words.dtype == np.uint64 and words.ndim == 1:
        return
    given = f"{words.dtype} of shape {words.shape}" if isinstance(words, np.ndarray) else type(words).__name__
    raise TwinArgumentError(f"words must be an array uint64[n], not {given}")
