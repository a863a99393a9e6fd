"""Dropout that switches the same neurons off for all images and steps of a batch.

Reference: frontend-torch.md A2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch.functional.neuron_dynamics import NOTHING_MEASURED, Measured
from hxtwin.frontend.torch.handle import Handle, LIFObservables
from hxtwin.frontend.torch.module import HXModule

if TYPE_CHECKING:
    from hxtwin.frontend.torch.experiment import Experiment


class BatchDropout(HXModule):
    """In training each neuron is silent with probability ``dropout``, for the whole batch.

    On the chip the masked neurons do not fire at all. Spikes are not scaled.

    Args:
        size: number of neurons of the population before it.
        dropout: probability, 0..1.
        experiment: see `HXModule`.

    Raises:
        ModelError: the probability is out of range.
    """

    def __init__(self, size: int, dropout: float, experiment: Experiment) -> None:
        super().__init__(experiment)
        if not 0.0 <= dropout <= 1.0:
            raise ModelError(f"BatchDropout: probability {dropout} given, 0..1 is allowed")
        self.size = size
        self.dropout = dropout
        #: Neurons that are on in the current run, boolean (size).
        self.mask = torch.ones(size, dtype=torch.bool)

    def extra_repr(self) -> str:
        """What distinguishes the module."""
        return f"size={self.size}, dropout={self.dropout}"

    def forward(self, spikes: LIFObservables) -> LIFObservables:
        """Register dropout on a spiking population."""
        return self._connect([spikes], LIFObservables)

    def draw_mask(self) -> torch.Tensor:
        """New mask in training, all neurons on otherwise; from the global generator of torch."""
        self.mask = torch.rand(self.size) > self.dropout if self.training else torch.ones(self.size, dtype=torch.bool)
        return self.mask

    def exec_forward(self, inputs: tuple[Handle, ...], output: Handle, measured: Measured = NOTHING_MEASURED) -> None:
        """Silence the masked neurons; the other observables pass."""
        del measured
        spikes = self.spikes(inputs[0])
        self.check_width(spikes, self.size)
        output.put(**{name: getattr(inputs[0], name) for name in output.fields})
        output.put(spikes=spikes * self.mask)
