"""Input neurons: spikes that come from the host.

Reference: frontend-torch.md A2, A6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.frontend.torch.functional.neuron_dynamics import NOTHING_MEASURED, Measured
from hxtwin.frontend.torch.handle import Handle, TensorHandle
from hxtwin.frontend.torch.module import Population

if TYPE_CHECKING:
    import torch


class InputNeuron(Population):
    """Population that emits given spikes.

    A projection whose source is a plain tensor gets such a population by itself. On the chip a non-zero entry at step
    k becomes one event at time ``k * dt``.

    Args:
        size: number of neurons.
        experiment, execution_instance, chip_coordinate, mock: see `Population`.
    """

    def forward(self, spikes: Handle | torch.Tensor) -> TensorHandle:
        """Register spikes of layout (time, batch, neuron), 0 or 1."""
        return self._connect([spikes], TensorHandle)

    def exec_forward(self, inputs: tuple[Handle, ...], output: Handle, measured: Measured = NOTHING_MEASURED) -> None:
        """Hand the spikes on."""
        del measured
        spikes = self.spikes(inputs[0])
        self.check_width(spikes, self.size)
        output.put(spikes)
