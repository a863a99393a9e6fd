"""Snake case of type names, by the rule of ``inflection.underscore``.

A boundary stands between a run of capitals and a capitalised word, and between a small letter or digit and a
capital: ``CapMemBlockOnDLS`` -> ``cap_mem_block_on_dls``. Nested names join with an underscore:
``Timer.Value`` -> ``timer_value``.
"""

from __future__ import annotations

import re

__all__ = ["snake_case"]

_CAPITALS_THEN_WORD = re.compile(r"([A-Z]+)([A-Z][a-z])")
_SMALL_THEN_CAPITAL = re.compile(r"([a-z\d])([A-Z])")


def snake_case(name: str) -> str:
    """Return the snake case of a type name."""
    spaced = _CAPITALS_THEN_WORD.sub(r"\1_\2", name)
    spaced = _SMALL_THEN_CAPITAL.sub(r"\1_\2", spaced)
    return spaced.replace("-", "_").replace(".", "_").lower()
