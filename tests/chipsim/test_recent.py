"""Elaborations that are remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.chipsim.elaborate.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable


def test_only_what_is_not_among_the_last_four_is_made() -> None:
    recent: Recent[int] = Recent()
    made: list[int] = []

    def square(number: int) -> Callable[[], int]:
        def make() -> int:
            made.append(number)
            return number * number

        return make

    for number in (1, 2, 3, 4, 1, 2, 5, 1, 3):
        assert recent.get(number, square(number)) == number * number
    assert made == [1, 2, 3, 4, 5, 3]
