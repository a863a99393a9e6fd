"""Hardware in the loop: the chip's value forward, the model's gradient backward.

Reference: frontend-torch.md A4, "injection".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch.autograd.function import FunctionCtx


class _Inject(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, model: torch.Tensor, hardware: torch.Tensor) -> torch.Tensor:
        del ctx, model
        return hardware.clone()

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        del ctx
        return gradient, None


def inject(model: torch.Tensor, hardware: torch.Tensor | None) -> torch.Tensor:
    """The measured value, through which gradients pass to the value of the model.

    Args:
        model: value of the model.
        hardware: measured value of the same shape; None leaves the model's.
    """
    if hardware is None:
        return model
    injected: torch.Tensor = _Inject.apply(model, hardware)  # type: ignore[no-untyped-call]
    return injected
