"""The surrogate gradient of a spike.

==========  ==================================
direction   formula, x = membrane - threshold
==========  ==================================
forward     1 for x > 0, else 0
backward    gradient / (alpha abs(x) + 1)^2
==========  ==================================

Reference: frontend-torch.md A4.
"""

from __future__ import annotations

import torch
from torch.autograd.function import FunctionCtx, once_differentiable


class _SuperSpike(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: torch.Tensor, alpha: float) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.alpha = alpha  # type: ignore[attr-defined]  # torch keeps plain values as attributes of the context
        return (x > 0).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        (x,) = ctx.saved_tensors  # type: ignore[attr-defined]  # declared only for the contexts of C++
        alpha: float = ctx.alpha  # type: ignore[attr-defined]
        return gradient / (alpha * x.abs() + 1.0) ** 2, None


def superspike(x: torch.Tensor, alpha: float = 50.0) -> torch.Tensor:
    """Spikes of a membrane, with the SuperSpike surrogate as gradient.

    Args:
        x: membrane minus threshold, any shape.
        alpha: steepness of the surrogate, inverse units of ``x``.

    Returns:
        1 where ``x > 0``, else 0; dtype and shape of ``x``.
    """
    spikes: torch.Tensor = _SuperSpike.apply(x, alpha)  # type: ignore[no-untyped-call]
    return spikes
