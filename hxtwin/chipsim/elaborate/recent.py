"""What was elaborated lately: experiments switch to and fro between a few settings, such as reset and no reset."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_V = TypeVar("_V")

_KEPT: Final = 4


class Recent(Generic[_V]):
    """Results of a pure function for the last few arguments."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, _V] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], _V]) -> _V:
        """The result that belongs to a key; made if it is not known any more.

        Args:
            key: everything that the result depends on.
            make: makes it.
        """
        if key in self._known:
            self._known.move_to_end(key)
        else:
            self._known[key] = make()
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return self._known[key]
