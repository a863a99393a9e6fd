"""One measured number beside its target."""

from __future__ import annotations

import attrs


@attrs.frozen
class Figure:
    """A measured value and what was promised.

    Attributes:
        name: what was measured.
        measured: value in `unit`, or what was seen in words.
        unit: physical unit, or what is counted.
        target: the promise in words, empty if the figure is reported without one.
        passed: whether the promise is kept; None without a promise.
        detail: how it was measured, e.g. minimum and number of runs.
    """

    name: str
    measured: float | str
    unit: str
    target: str
    passed: bool | None
    detail: str = ""

    def value(self) -> str:
        """The measured value with its unit, whole numbers in full, others with four digits."""
        if isinstance(self.measured, str):
            return self.measured
        number = f"{self.measured:.0f}" if float(self.measured).is_integer() else f"{self.measured:.4g}"
        return f"{number} {self.unit}".rstrip()


def at_most(name: str, measured: float, limit: float, unit: str, detail: str = "") -> Figure:
    """A figure that must not exceed `limit`."""
    return Figure(name, measured, unit, f"<= {limit:.10g} {unit}", measured <= limit, detail)


def exactly(name: str, measured: float, wanted: float, unit: str, detail: str = "") -> Figure:
    """A figure that must be `wanted`."""
    return Figure(name, measured, unit, f"= {wanted:.10g} {unit}", measured == wanted, detail)


def at_least(name: str, measured: float, limit: float, unit: str, detail: str = "") -> Figure:
    """A figure that must reach `limit`."""
    return Figure(name, measured, unit, f">= {limit:.10g} {unit}", measured >= limit, detail)


def reported(name: str, measured: float, unit: str, detail: str = "") -> Figure:
    """A figure without a promise."""
    return Figure(name, measured, unit, "", None, detail)
