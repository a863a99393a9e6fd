"""From the weights of the model to the signed weights of the chip, -63..63.

Transforms take and return tensors of floating-point numbers; rounding comes last, in `to_hardware`.

Reference: frontend-torch.md A2.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch

#: Largest magnitude of a signed weight of one synapse pair.
LARGEST_WEIGHT: Final = 63


def linear_saturating(
    weight: torch.Tensor, scale: float = 1.0, min_weight: float = -LARGEST_WEIGHT, max_weight: float = LARGEST_WEIGHT
) -> torch.Tensor:
    """Scaled weight, clamped: ``clamp(scale * weight, min_weight, max_weight)``.

    Args:
        weight: weights of the model, any shape.
        scale: weight on the chip that corresponds to weight 1 of the model.
        min_weight: lower end, chip units.
        max_weight: upper end, chip units.
    """
    return torch.clamp(scale * weight, min_weight, max_weight)


def linear_exponential_clamp(
    weight: torch.Tensor, cap: float = 1.5, start_weight: float = 61.0, quantize: bool = False
) -> torch.Tensor:
    """Limits weights of the model smoothly to +-cap, so that gradients do not vanish at once at the end of the range.

    Below ``cap * start_weight / 63`` the weight is unchanged, above it approaches cap exponentially.

    Args:
        weight: weights of the model, any shape.
        cap: weight of the model that corresponds to 63 on the chip.
        start_weight: weight on the chip from which on the curve bends.
        quantize: round to multiples of ``cap / 63``, with the gradient of the identity.
    """
    start = start_weight / LARGEST_WEIGHT
    steepness = 1.0 / (1.0 - start)
    magnitude = weight.abs()
    bend = cap * (1.0 - torch.exp(-steepness * (magnitude / cap - start)) / steepness)
    clamped = torch.where(magnitude > start * cap, weight.sign() * bend, weight)
    if not quantize:
        return clamped
    step = cap / LARGEST_WEIGHT
    return clamped + (torch.round(clamped / step) * step - clamped).detach()


def to_hardware(weight: torch.Tensor) -> npt.NDArray[np.int8]:
    """Transformed weights as signed integers, rounded half away from zero.

    Args:
        weight: transformed weights, -63..63 and finite.

    Returns:
        int8 array of the same shape.
    """
    values = weight.detach().cpu().double().numpy()
    rounded: npt.NDArray[np.int8] = np.trunc(values + np.copysign(0.5, values)).astype(np.int8)
    return rounded


def to_hardware_truncated(weight: torch.Tensor) -> npt.NDArray[np.int8]:
    """Transformed weights as signed integers, truncated towards zero (the rule of sparse projections)."""
    truncated: npt.NDArray[np.int8] = np.trunc(weight.detach().cpu().double().numpy()).astype(np.int8)
    return truncated
