"""Handles: what a module returns before anything has run, and where its results stand afterwards.

==================  ==========================================================================================
handle              fields, all tensors of layout (time, batch, neuron), None until `run`
==================  ==========================================================================================
`TensorHandle`      ``tensor``: plain data, for example input spikes
`SynapseHandle`     ``graded_spikes``: weighted spikes
`LIObservables`     ``membrane_cadc``, ``current``, ``membrane_madc``, ``adaptation``
`LIFObservables`    ``spikes`` and the fields of `LIObservables`
==================  ==========================================================================================

``membrane_madc`` is not on the grid: it has the layout (2 = time and value, samples, batch). With interpolation mode
"raw", ``membrane_cadc`` has the layout (2 = time and value, samples, batch, neuron).

Reference: frontend-torch.md A2, A6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from hxtwin.frontend.errors import ModelError

if TYPE_CHECKING:
    import torch


class Handle:
    """Base of all handles: named tensors that are filled by a run."""

    fields: ClassVar[tuple[str, ...]] = ()

    def put(self, *values: torch.Tensor | None, **named: torch.Tensor | None) -> Self:
        """Fill fields, positionally in the order of `fields` or by name; others stay as they are.

        Raises:
            ModelError: too many values, or a field that this handle does not have.
        """
        if len(values) > len(self.fields):
            raise ModelError(f"{type(self).__name__}: {len(values)} values given, there are {len(self.fields)} fields")
        for name, value in {**dict(zip(self.fields, values, strict=False)), **named}.items():
            if name not in self.fields:
                raise ModelError(f"{type(self).__name__} has no field {name!r}; it has {', '.join(self.fields)}")
            setattr(self, name, value)
        return self

    def clear(self) -> None:
        """Empty all fields."""
        for name in self.fields:
            setattr(self, name, None)

    @property
    def filled(self) -> bool:
        """Whether any field holds data."""
        return any(getattr(self, name) is not None for name in self.fields)

    def __repr__(self) -> str:
        shapes = (
            f"{name}={'None' if value is None else tuple(value.shape)}"
            for name in self.fields
            for value in [getattr(self, name)]
        )
        return f"{type(self).__name__}({', '.join(shapes)})"


class TensorHandle(Handle):
    """Plain data.

    Args:
        tensor: (time, batch, neuron), or None when a module will fill it.
    """

    fields: ClassVar[tuple[str, ...]] = ("tensor",)

    def __init__(self, tensor: torch.Tensor | None = None) -> None:
        self.tensor = tensor


class SynapseHandle(Handle):
    """Output of a projection.

    Args:
        graded_spikes: weighted spikes (time, batch, neuron), in units of the model's weights.
    """

    fields: ClassVar[tuple[str, ...]] = ("graded_spikes",)

    def __init__(self, graded_spikes: torch.Tensor | None = None) -> None:
        self.graded_spikes = graded_spikes


class LIObservables(Handle):
    """What is observable at leaky integrators; see the table of this module."""

    fields: ClassVar[tuple[str, ...]] = ("membrane_cadc", "current", "membrane_madc", "adaptation")

    def __init__(
        self,
        membrane_cadc: torch.Tensor | None = None,
        current: torch.Tensor | None = None,
        membrane_madc: torch.Tensor | None = None,
        adaptation: torch.Tensor | None = None,
    ) -> None:
        self.membrane_cadc = membrane_cadc
        self.current = current
        self.membrane_madc = membrane_madc
        self.adaptation = adaptation


class LIFObservables(LIObservables):
    """What is observable at spiking neurons; see the table of this module."""

    fields: ClassVar[tuple[str, ...]] = ("spikes", *LIObservables.fields)

    def __init__(
        self,
        spikes: torch.Tensor | None = None,
        membrane_cadc: torch.Tensor | None = None,
        current: torch.Tensor | None = None,
        membrane_madc: torch.Tensor | None = None,
        adaptation: torch.Tensor | None = None,
    ) -> None:
        super().__init__(membrane_cadc, current, membrane_madc, adaptation)
        self.spikes = spikes


def spikes_of(handle: Handle) -> torch.Tensor | None:
    """The spikes that a handle carries: ``spikes`` of a population, ``tensor`` of plain data, else None."""
    if isinstance(handle, LIFObservables):
        return handle.spikes
    if isinstance(handle, TensorHandle):
        return handle.tensor
    return None
