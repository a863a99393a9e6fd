"""Turned images: a larger training set from the same images.

Reference: frontend-torch.md E (random rotation within +-25 degrees with p = 0.5).
"""

from __future__ import annotations

import math

import torch


def rotated(
    images: torch.Tensor, degrees: float = 25.0, probability: float = 0.5, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Images turned around their centre by random angles, each with a probability.

    Args:
        images: float (n, height, width).
        degrees: angles are uniform in +-degrees.
        probability: of an image to be turned.
        generator: of the random numbers; None: the global one.

    Returns:
        Tensor of the same shape, bilinearly interpolated, zero outside the image.
    """
    count = len(images)
    angle = (2.0 * torch.rand(count, generator=generator) - 1.0) * math.radians(degrees)
    turn = torch.rand(count, generator=generator) < probability
    chosen = torch.nonzero(turn).squeeze(1)
    cos, sin = torch.cos(angle[chosen]), torch.sin(angle[chosen])
    zero = torch.zeros_like(cos)
    matrix = torch.stack((torch.stack((cos, -sin, zero), 1), torch.stack((sin, cos, zero), 1)), 1)
    size = [len(chosen), 1, *images.shape[1:]]
    grid = torch.nn.functional.affine_grid(matrix, size, align_corners=False)
    turned = torch.nn.functional.grid_sample(images[chosen].unsqueeze(1), grid, align_corners=False)
    result = images.clone()
    result[chosen] = turned.squeeze(1)
    return result
