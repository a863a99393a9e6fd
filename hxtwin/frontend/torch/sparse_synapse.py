"""Sparse projections: only the connections of a mask exist.

Reference: frontend-torch.md A2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch.synapse import Synapse, Transform
from hxtwin.frontend.torch.weight_transform import linear_saturating, to_hardware_truncated

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from hxtwin.frontend.torch.execution_instance import ExecutionInstance
    from hxtwin.frontend.torch.experiment import Experiment


class SparseSynapse(Synapse):
    """Projection with the connections of a mask; the weight on the chip is truncated towards zero.

    Args:
        connections: boolean (in, out), where connections exist.
        experiment, execution_instance, chip_coordinate, device, dtype, transform, mock: see `Synapse`.

    Raises:
        ModelError: the mask is not two-dimensional, not boolean or empty.
    """

    connections: torch.Tensor

    def __init__(
        self,
        connections: torch.Tensor,
        experiment: Experiment,
        execution_instance: ExecutionInstance | None = None,
        chip_coordinate: int = 0,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
        transform: Transform = linear_saturating,
        mock: bool | None = None,
    ) -> None:
        if connections.is_sparse:
            connections = connections.to_dense()
        if connections.dim() != 2 or connections.dtype != torch.bool or not bool(connections.any()):
            raise ModelError(
                f"SparseSynapse: mask of shape {tuple(connections.shape)} and type {connections.dtype}; a boolean "
                "(in, out) tensor with at least one connection is wanted"
            )
        in_features, out_features = connections.shape
        super().__init__(
            in_features,
            out_features,
            experiment,
            execution_instance,
            chip_coordinate,
            device,
            dtype,
            transform,
            mock,
        )
        self.register_buffer("connections", connections.to(self.weight.device), persistent=False)

    def masked_weight(self) -> torch.Tensor:
        """Weights (out, in), zero where there is no connection; gradients reach only existing connections."""
        return torch.where(self.connections.t(), self.weight, torch.zeros_like(self.weight))

    def weighted(self, spikes: torch.Tensor) -> torch.Tensor:
        """Weighted spikes (time, batch, out_features)."""
        return spikes @ self.masked_weight().t()

    def hardware_weight(self) -> npt.NDArray[np.int8]:
        """Signed weights of the chip, int8 (out, in), zero where there is no connection; as `Synapse`."""
        return self._on_chip(self.masked_weight(), to_hardware_truncated)
