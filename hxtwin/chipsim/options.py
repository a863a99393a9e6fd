"""Options of the twin: which chip, which physics, how fine.

=================  ==========================================  ================================================
option in a URL    values                                      meaning
=================  ==========================================  ================================================
``chip``           0..2**64-1 (0), ``ideal``                   serial number: seed of all device mismatch
``noise``          ``1``, 0                                    temporal noise of membranes and converters
``noise_seed``     0..2**64-1 (0)                              another noise on the same chip
``step_ns``        even, 2..1000 (100)                         step of the analog core, wall time against accuracy
``settle``         ``law``, ``instant``                        CapMem cells settle in chip time, or at once (rule 16)
``strict``         ``0``, 1                                    what silicon leaves undefined is an error
=================  ==========================================  ================================================

Defaults in parentheses or first. Reference: simulator-decisions.md (head, 6, 16), hwdb.md 5, analog-model.md 10.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import attrs

from hxtwin._version import __version__
from hxtwin.chipsim.analog.constants import NOMINAL, AnalogConstants
from hxtwin.chipsim.errors import TwinArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hxtwin.chipsim.personality import Personality

Settle: TypeAlias = Literal["law", "instant"]
"""How CapMem cells reach a new value."""

MOST_SEEDS: Final = 1 << 64
"""Number of chips, and of noises."""
_CYCLE_NS: Final = 4
_LEAST_STEP_NS: Final = 2
_MOST_STEP_NS: Final = 1000
_DNA_BITS: Final = 57
_CUBE: Final = 100
"""Set-up number of twins, clear of those of the lab; ideal chips are in the next one."""
_FIRST_SERIAL: Final = 1000
_FLAGS: Final = {"0": False, "1": True}


@attrs.frozen(kw_only=True)
class TwinOptions:
    """What a twin is made with; a value, so that a result can name it.

    Args:
        chip: serial number of the chip, the seed of its mismatch, 0..2**64-1; None: the ideal chip.
        noise: whether there is temporal noise.
        noise_seed: seed of the noise, 0..2**64-1.
        step_ns: step of the analog core, ns; even, 2..1000.
        settle: whether CapMem cells settle as the law says or at once.
        strict: whether what silicon leaves undefined is an error.
        constants: numbers of the analog laws.

    Raises:
        TwinArgumentError: a value is not allowed.
    """

    chip: int | None = 0
    noise: bool = True
    noise_seed: int = 0
    step_ns: int = 100
    settle: Settle = "law"
    strict: bool = False
    constants: AnalogConstants = attrs.field(default=NOMINAL, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.chip is not None:
            _check_number("chip", self.chip, 0, MOST_SEEDS - 1, "a serial number, or None for the ideal chip")
        _check_number("noise_seed", self.noise_seed, 0, MOST_SEEDS - 1, "a seed")
        _check_number("step_ns", self.step_ns, _LEAST_STEP_NS, _MOST_STEP_NS, "nanoseconds")
        if self.step_ns % _LEAST_STEP_NS:
            raise TwinArgumentError(f"step_ns = {self.step_ns}: the step is a multiple of {_LEAST_STEP_NS} ns")
        if self.settle not in get_args(Settle):
            raise TwinArgumentError(f"settle = {self.settle!r}: give one of {', '.join(get_args(Settle))}")
        for name in ("noise", "strict"):
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise TwinArgumentError(f"{name} = {value!r}: give True or False")

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> TwinOptions:
        """Options from the query of a URL.

        Args:
            query: values by name, see the table of this module; what is missing takes its default.

        Raises:
            TwinArgumentError: an option is unknown, or its value not allowed.
        """
        unknown = sorted(set(query) - set(QUERY_NAMES))
        if unknown:
            raise TwinArgumentError(f"option {unknown[0]!r} is unknown; known: {', '.join(QUERY_NAMES)}")
        given: dict[str, object] = {name: _PARSERS[name](name, text) for name, text in query.items()}
        return cls(**given)  # type: ignore[arg-type]  # each parser gives the type of its option

    @property
    def step_cycles(self) -> float:
        """Step of the analog core, chip cycles; a multiple of a half, 0.5..250."""
        return self.step_ns / _CYCLE_NS

    @property
    def device_dna(self) -> int:
        """Identity that the FPGA shows, 57 bit: one for each chip under each set of analog constants."""
        text = f"device/{self.chip}/{self.constants.content_hash()}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 64 - _DNA_BITS

    @property
    def identifier(self) -> str:
        """Name of the set-up in the scheme of the lab (reference: hwdb.md 3 and 5): one for each chip."""
        cube, serial = (_CUBE + 1, 0) if self.chip is None else (_CUBE, self.chip)
        return f"hxcube{cube}fpga0chip{_FIRST_SERIAL + serial}_1"

    def personality(self) -> Personality:
        """The chip: its mismatch and the key of its noise; the last few are kept, since drawing takes a while."""
        return _personality(self.chip, self.constants, self.noise_seed)

    def facts(self) -> dict[str, str | int]:
        """Provenance: everything that answers depend on, by name, as plain values."""
        return {
            "identifier": self.identifier,
            "hxtwin": __version__,
            "chip": "ideal" if self.chip is None else str(self.chip),
            "noise": int(self.noise),
            "noise_seed": str(self.noise_seed),
            "step_ns": self.step_ns,
            "settle": self.settle,
            "strict": int(self.strict),
            "analog_constants": self.constants.content_hash(),
        }


@functools.lru_cache(maxsize=4)
def _personality(chip: int | None, constants: AnalogConstants, noise_seed: int) -> Personality:
    from hxtwin.chipsim.personality import Personality

    return Personality.ideal(noise_seed) if chip is None else Personality.draw(chip, constants, noise_seed)


def _check_number(name: str, value: object, least: int, most: int, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise TwinArgumentError(f"{name} = {value!r}: give {what} in {least}..{most}")


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(MOST_SEEDS)):
        or_ideal = ", nor 'ideal'" if name == "chip" else ""
        raise TwinArgumentError(f"{name}={text!r} is no number{or_ideal}")
    return int(text)


def _chip(name: str, text: str) -> int | None:
    return None if text == "ideal" else _number(name, text)


def _flag(name: str, text: str) -> bool:
    if text not in _FLAGS:
        raise TwinArgumentError(f"{name}={text!r}: give 0 or 1")
    return _FLAGS[text]


def _text(name: str, text: str) -> str:
    del name
    return text


_PARSERS: Final = {
    "chip": _chip,
    "noise": _flag,
    "noise_seed": _number,
    "step_ns": _number,
    "settle": _text,
    "strict": _flag,
}
QUERY_NAMES: Final = tuple(_PARSERS)
"""Options that a URL may give."""

DEFAULT_OPTIONS: Final = TwinOptions()
"""Chip 0 with noise."""
