"""Structure of a logical neuron: how many circuits it has and how they lie.

Reference: frontend-torch.md A3.
"""

from __future__ import annotations

import attrs

from hxtwin.frontend.errors import ModelError

#: Largest number of circuits of one logical neuron.
MOST_CIRCUITS = 64


@attrs.frozen
class SingleCompartmentNeuron:
    """One compartment of ``size`` neuron circuits that are shorted together.

    Each circuit brings 256 synapses (128 signed ones). Only the first circuit has leak, capacitance and threshold
    switched on.

    Args:
        size: number of circuits, 1..64.
        expand_horizontally: circuits side by side in one row; otherwise top and bottom circuit of a column, then the
            next column.

    Raises:
        ModelError: size out of range.
    """

    size: int = 1
    expand_horizontally: bool = False

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.size <= MOST_CIRCUITS:
            raise ModelError(f"SingleCompartmentNeuron: {self.size} circuits given, 1..{MOST_CIRCUITS} are allowed")

    @property
    def signed_inputs(self) -> int:
        """Number of signed weights that one such neuron can have."""
        return 128 * self.size
