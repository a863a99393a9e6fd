"""Helpers that belong to no chip: untyped axes and index, sides, directions.

The two-valued and four-valued types print as a bare word. ``X``, ``Y`` and ``Enum`` stand in for an axis of any grid
and for the linear index of any type: ``AtomicNeuronOnDLS(X(3), Y(1))``, ``AtomicNeuronOnDLS(Enum(259))``.

Source: reference coordinates.md, sections 1.1 and 1.9.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import Maker, label, ranged

TOPIC = Topic(
    "generic",
    __doc__,
    (
        label("X", 64, "Untyped horizontal position; converts to the x axis of any grid.", implicit=False, role="x"),
        label("Y", 64, "Untyped vertical position; converts to the y axis of any grid.", implicit=False, role="y"),
        label("Enum", 64, "Untyped linear index; builds a coordinate of any type.", implicit=False, role="index"),
        ranged("Unique", 1, "The only one of its kind in the system.", explicit=True, words=("unique",)),
        ranged("Orientation", 2, "Horizontal or vertical.", explicit=True, words=("horizontal", "vertical")),
        ranged(
            "Direction",
            4,
            "Point of the compass.",
            explicit=True,
            words=("north", "east", "south", "west"),
            to={"Orientation": "1 - e % 2"},
        ),
        ranged(
            "Parity",
            2,
            "Even or odd.",
            explicit=True,
            words=("even", "odd"),
            makers={"from_number": Maker("number % 2", "Return the parity of an integer.")},
        ),
        ranged("SideHorizontal", 2, "Left or right.", explicit=True, axis="x", words=("left", "right")),
        ranged("SideVertical", 2, "Top or bottom.", explicit=True, axis="y", words=("top", "bottom")),
    ),
)
