"""Parameters of modules: one value for the model, one for the chip.

=======================================  ======================  =================================
parameter                                in the model            on the chip
=======================================  ======================  =================================
``3`` or ``HXParameter(3)``              3                       3
``ModelParameter(3)``                    3                       none
``MixedHXModelParameter(1, 125)``        1                       125
``HXTransformedModelParameter(1, f)``    1                       f(1)
=======================================  ======================  =================================

A value is a number, a tensor (one entry per neuron) or a sequence of numbers. `Parameter.make_trainable` turns the
model's value into a learnable tensor.

Reference: frontend-torch.md A3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import torch

from hxtwin.frontend.errors import ModelError

if TYPE_CHECKING:
    from hxtwin.containers import Chip

Value: TypeAlias = float | torch.Tensor | Sequence[float]
#: Writes the learned value of the model to the chip before a run: called with the chip object and the tensor.
Setter: TypeAlias = "Callable[[Chip, torch.Tensor], None]"


class Parameter:
    """Base of the parameters: a value of the model and one of the chip, either of which may be missing.

    Args:
        model_value: value in the model, None if the model does not use it.
        hardware_value: value on the chip, None if there is none.
    """

    def __init__(self, model_value: Value | None, hardware_value: Value | None) -> None:
        self._model_value = model_value
        self._hardware_value = hardware_value
        self.setter: Setter | None = None

    @property
    def model_value(self) -> Value | None:
        """Value in the model."""
        return self._model_value

    @property
    def hardware_value(self) -> Value | None:
        """Value on the chip."""
        return self._hardware_value

    @property
    def trainable(self) -> bool:
        """Whether the value of the model is learned."""
        return isinstance(self._model_value, torch.nn.Parameter)

    def make_trainable(self, setter: Setter | None = None) -> torch.nn.Parameter:
        """Turn the model's value into a learnable tensor.

        Args:
            setter: how the learned value gets to the chip; None if it stays in the model.

        Returns:
            The learnable tensor.

        Raises:
            ModelError: the parameter has no value in the model.
        """
        if self._model_value is None:
            raise ModelError(f"{self!r} has no value in the model, so that nothing can be learned")
        if not isinstance(self._model_value, torch.nn.Parameter):
            self._model_value = torch.nn.Parameter(as_tensor(self._model_value).clone())
        self.setter = setter
        return self._model_value

    def __repr__(self) -> str:
        return f"{type(self).__name__}(model={self.model_value!r}, hardware={self.hardware_value!r})"


class ModelParameter(Parameter):
    """A value that only the model has."""

    def __init__(self, value: Value) -> None:
        super().__init__(value, None)


class HXParameter(Parameter):
    """A value that is the same in the model and on the chip."""

    def __init__(self, value: Value) -> None:
        super().__init__(value, None)

    @property
    def hardware_value(self) -> Value | None:
        """Value on the chip, the model's."""
        return self._model_value


class MixedHXModelParameter(Parameter):
    """Different values for model and chip."""

    def __init__(self, model_value: Value, hardware_value: Value) -> None:
        super().__init__(model_value, hardware_value)


class HXTransformedModelParameter(Parameter):
    """A value of the model and the function that gives the chip's.

    Args:
        model_value: value in the model.
        transform: chip's value from the model's.
    """

    def __init__(self, model_value: Value, transform: Callable[[Value], Value]) -> None:
        super().__init__(model_value, None)
        self._transform = transform

    @property
    def hardware_value(self) -> Value | None:
        """Value on the chip, calculated from the model's."""
        return None if self._model_value is None else self._transform(self._model_value)


def as_parameter(value: Parameter | Value) -> Parameter:
    """A parameter as it is; a plain value as `HXParameter`."""
    return value if isinstance(value, Parameter) else HXParameter(value)


def as_tensor(value: Value, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """A value as tensor: 0-dimensional, or one entry per neuron. Learnable tensors stay what they are."""
    if isinstance(value, torch.Tensor):
        return value if value.dtype == dtype else value.to(dtype)
    return torch.tensor(value, dtype=dtype)
