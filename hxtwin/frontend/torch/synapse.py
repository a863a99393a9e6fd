"""Projections: weighted connections between two populations.

Weight on the chip: ``transform(weight)``, rounded half away from zero, -63..63; positive values act through an
excitatory, negative ones through an inhibitory synapse. All pairs exist on the chip, also those of weight zero, so that
weights may change without a new routing.

Reference: frontend-torch.md A2, A5.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, TypeAlias

import torch

from hxtwin.frontend.errors import ModelError, SaturationWarning
from hxtwin.frontend.torch.functional.eventprop import eventprop_synapse
from hxtwin.frontend.torch.functional.neuron_dynamics import NOTHING_MEASURED, Measured
from hxtwin.frontend.torch.handle import Handle, SynapseHandle
from hxtwin.frontend.torch.module import Projection
from hxtwin.frontend.torch.weight_transform import LARGEST_WEIGHT, linear_saturating, to_hardware

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from hxtwin.frontend.torch.execution_instance import ExecutionInstance
    from hxtwin.frontend.torch.experiment import Experiment

Transform: TypeAlias = "Callable[[torch.Tensor], torch.Tensor]"


class Synapse(Projection):
    """All-to-all projection with signed weights, without bias.

    Args:
        in_features: number of source neurons.
        out_features: number of target neurons.
        experiment, execution_instance, mock: see `HXModule`; None for ``mock`` follows the target population.
        chip_coordinate: position of its chip in the list of connections.
        device, dtype: of the weight.
        transform: weights of the model -> weights of the chip, see `hxtwin.frontend.torch.weight_transform`.

    Raises:
        ModelError: a size is not positive.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        experiment: Experiment,
        execution_instance: ExecutionInstance | None = None,
        chip_coordinate: int = 0,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
        transform: Transform = linear_saturating,
        mock: bool | None = None,
    ) -> None:
        super().__init__(experiment, execution_instance, mock)
        if in_features < 1 or out_features < 1:
            raise ModelError(
                f"{type(self).__name__}: {in_features} -> {out_features} neurons; both have to be positive"
            )
        self.in_features = in_features
        self.out_features = out_features
        self.chip_coordinate = chip_coordinate
        self.transform = transform
        #: (out, in), units of the model.
        self.weight = torch.nn.Parameter(torch.empty(out_features, in_features, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights from the Kaiming-uniform distribution with a = sqrt(5)."""
        torch.nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))

    def forward(self, spikes: Handle | torch.Tensor) -> SynapseHandle:
        """Register the projection of spikes (time, batch, in_features)."""
        return self._connect([spikes], SynapseHandle)

    def exec_forward(self, inputs: tuple[Handle, ...], output: Handle, measured: Measured = NOTHING_MEASURED) -> None:
        """Weight the spikes with the weights of the model."""
        del measured
        spikes = self.spikes(inputs[0])
        self.check_width(spikes, self.in_features)
        output.put(self.weighted(spikes.to(self.weight.dtype)))

    def weighted(self, spikes: torch.Tensor) -> torch.Tensor:
        """Weighted spikes (time, batch, out_features)."""
        return spikes @ self.weight.t()

    def hardware_weight(self) -> npt.NDArray[np.int8]:
        """Signed weights of the chip, int8 (out, in), -63..63.

        Warns:
            SaturationWarning: weights were limited to the range; with the count and the largest magnitude.

        Raises:
            ModelError: weights are not finite.
        """
        return self._on_chip(self.weight, to_hardware)

    def _on_chip(
        self, weight: torch.Tensor, rounding: Callable[[torch.Tensor], npt.NDArray[np.int8]]
    ) -> npt.NDArray[np.int8]:
        with torch.no_grad():
            bad = int((~torch.isfinite(weight)).sum())
            if bad:
                raise ModelError(
                    f"{self.label}: {bad} of {weight.numel()} weights are NaN or infinite; lower the learning rate, or "
                    "look for a division by zero in the loss"
                )
            transformed = self.transform(weight)
            # a weight that may shrink by a thousandth without leaving the limit is cut, not just as large as allowed
            at_limit = int((self.transform(weight * 0.999).abs() >= LARGEST_WEIGHT).sum())
            if at_limit:
                warnings.warn(
                    f"{self.label}: {at_limit} of {weight.numel()} weights are limited to +-{LARGEST_WEIGHT} on the "
                    f"chip; largest weight of the model: {float(weight.abs().max()):.3g}",
                    SaturationWarning,
                    stacklevel=2,
                )
            return rounding(transformed.clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT))


class EventPropSynapse(Synapse):
    """Projection onto `EventPropLIF` neurons; gradients follow from the times of spikes."""

    def weighted(self, spikes: torch.Tensor) -> torch.Tensor:
        """Stacked pair (2, time, batch, out_features)."""
        return eventprop_synapse(spikes, self.weight)
