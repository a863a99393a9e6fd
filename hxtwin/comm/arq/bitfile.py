"""Bitfile information: how a device describes itself in its answer to a reset.

A YAML text, at most 64 KiB, with at least two integer keys:

====================  ====================================================================
key                   meaning
====================  ====================================================================
``version``           version of the bitfile, >= 0
``compatible_until``  newest interface revision that the bitfile still serves
====================  ====================================================================

Reference: host-arq.md 6, steps 5 and 7. The text comes from outside: it is read by the safe loader of PyYAML, and
anchors, aliases and deep nesting are refused before anything is built from it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import attrs

from hxtwin.comm.errors import BitfileError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_INFORMATION_BYTES: Final = 1 << 16
"""Longest bitfile information, with its terminating zero, byte."""
OLDEST_SUPPORTED_VERSION: Final = 0
"""Oldest version of a bitfile that is accepted."""

_MAX_DEPTH = 16


@attrs.frozen(kw_only=True)
class BitfileInformation:
    """What a device says about itself.

    Args:
        version: version of the bitfile, >= 0.
        compatible_until: newest interface revision that it serves.
        text: the YAML text as it came over the link; empty for a device that says nothing.
        entries: all keys of the text, read only.
    """

    version: int = 0
    compatible_until: int = 0
    text: str = attrs.field(default="", repr=False)
    entries: Mapping[str, object] = attrs.field(factory=lambda: MappingProxyType({}), repr=False, eq=False)

    @classmethod
    def from_text(cls, text: str, *, supported_until: int | None = None) -> BitfileInformation:
        """Reads the YAML text of a device.

        Args:
            text: at most 64 KiB of YAML, a mapping with the two integer keys.
            supported_until: largest ``compatible_until`` that the caller can serve, ``None`` for any.

        Raises:
            BitfileError: the text is empty, too long, no such YAML, or the bitfile is not compatible.
        """
        entries = _load(text)
        version, until = entries.get("version"), entries.get("compatible_until")
        for key, value in (("version", version), ("compatible_until", until)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise BitfileError(f"bitfile information: key {key!r} must be an integer, the device gives {value!r}")
        assert isinstance(version, int)
        assert isinstance(until, int)
        if version < OLDEST_SUPPORTED_VERSION:
            raise BitfileError(f"bitfile version {version} is too old, supported from {OLDEST_SUPPORTED_VERSION}")
        if supported_until is not None and until > supported_until:
            raise BitfileError(f"bitfile is compatible until {until}, supported is at most {supported_until}")
        return cls(version=version, compatible_until=until, text=text, entries=MappingProxyType(entries))


def information_text(*, version: int, compatible_until: int = 0, **entries: str | int) -> str:
    """Returns the YAML text of a device, keys in the order given.

    Args:
        version: version of the bitfile, >= 0.
        compatible_until: newest interface revision that it serves.
        entries: further keys.
    """
    import yaml

    mapping = {"version": version, "compatible_until": compatible_until, **entries}
    return yaml.safe_dump(mapping, sort_keys=False, allow_unicode=True)


def _load(text: str) -> dict[str, object]:
    import yaml

    if not text.strip():
        raise BitfileError("the device sends no bitfile information")
    if len(text.encode("utf-8", "replace")) >= MAX_INFORMATION_BYTES:
        raise BitfileError(f"bitfile information of {len(text)} characters, allowed are {MAX_INFORMATION_BYTES} bytes")
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise BitfileError("bitfile information uses a YAML alias, which is not accepted from a device")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _MAX_DEPTH:
                raise BitfileError(f"bitfile information is nested deeper than {_MAX_DEPTH} levels")
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise BitfileError(f"bitfile information is no YAML: {error}") from error
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise BitfileError("bitfile information must be a YAML mapping with text keys")
    return document
