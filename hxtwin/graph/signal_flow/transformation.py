"""Functions on the host between execution instances: numbers in, numbers out.

=================  =====================================  ==================================================
function           inputs                                 output
=================  =====================================  ==================================================
`Identity`         one                                    copy
`Addition`         n x int8[size]                         sum, saturating at -128 and 127
`Subtraction`      n x int8[size]                         first minus the others, saturating
`Concatenation`    vectors of one type                    one after the other
`ArgMax`           vector of one type                     uint32[1]: index of the first maximum
`ReLU`             int8[size]                             max(x, 0)
`ConvertingReLU`   int8[size]                             uint5: min(max(x, 0) >> shift, 31)
`SpikeRelay`       timed spikes from chip                 timed spikes to chip, with other labels and a delay
=================  =====================================  ==================================================

Arrays have the batch in front: ``[..., size]``. Source: reference graph.md 4.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.graph.errors import SignalFlowError
from hxtwin.graph.signal_flow.port import Port, Signal, Transition
from hxtwin.graph.signal_flow.vertex import Vertex

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBERS = (Signal.INT8, Signal.UINT5, Signal.UINT32)
_INT8 = np.iinfo(np.int8)


@attrs.frozen(kw_only=True)
class Transformation(Vertex):
    """Base of the functions; runs on the host. All its connections lead out of execution instances.

    Args:
        size: entries of a vector.
    """

    on_host: ClassVar[bool] = True
    size: int = attrs.field(default=1, validator=attrs.validators.ge(1))

    def apply(self, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Compute the output from one array for each input.

        Raises:
            SignalFlowError: another number of inputs, or arrays of another length.
        """
        ports = self.inputs
        if len(inputs) != len(ports):
            raise SignalFlowError(f"{self.label}: {len(ports)} inputs wanted, {len(inputs)} given")
        for array, port in zip(inputs, ports, strict=True):
            if array.ndim < 1 or array.shape[-1] != port.channels:
                raise SignalFlowError(f"{self.label}: {port.channels} entries wanted, got an array {array.shape}")
        return self._apply(inputs)

    def _apply(self, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        raise SignalFlowError(f"{self.label} works on spikes, not on vectors")


def _input(signal: Signal, size: int) -> Port:
    return Port(signal=signal, channels=size, transition=Transition.REQUIRED, data=True)


def _output(signal: Signal, size: int) -> Port:
    return Port(signal=signal, channels=size, several=True, transition=Transition.REQUIRED, data=True)


def _check_numbers(vertex: Vertex, signal: Signal) -> None:
    if signal not in _NUMBERS:
        raise SignalFlowError(f"{vertex.label}: works on {', '.join(s.value for s in _NUMBERS)}, not {signal.value}")


@attrs.frozen(kw_only=True)
class Identity(Transformation):
    """Copy."""

    signal: Signal = Signal.INT8

    @property
    def inputs(self) -> tuple[Port, ...]:
        """One."""
        return (_input(self.signal, self.size),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """The same."""
        return (_output(self.signal, self.size),)

    def _apply(self, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return inputs[0].copy()


@attrs.frozen(kw_only=True)
class Addition(Transformation):
    """Saturating sum of the exact values."""

    number: int = attrs.field(default=2, validator=attrs.validators.ge(1))

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Summands."""
        return (_input(Signal.INT8, self.size),) * self.number

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Sum."""
        return (_output(Signal.INT8, self.size),)

    def _apply(self, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return _saturated(np.sum(np.stack([np.asarray(array, np.int64) for array in inputs]), axis=0))


@attrs.frozen(kw_only=True)
class Subtraction(Addition):
    """First input minus the sum of the others, saturating."""

    def _apply(self, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        exact = np.stack([np.asarray(array, np.int64) for array in inputs])
        return _saturated(exact[0] - exact[1:].sum(axis=0))


def _saturated(exact: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    return np.clip(exact, _INT8.min, _INT8.max).astype(np.int8)


@attrs.frozen(kw_only=True)
class Concatenation(Transformation):
    """Vectors one after the other.

    Args:
        sizes: entries of each.
    """

    signal: Signal = Signal.INT8
    sizes: tuple[int, ...] = (1,)

    def __attrs_post_init__(self) -> None:
        _check_numbers(self, self.signal)
        if not self.sizes or min(self.sizes) < 1:
            raise SignalFlowError(f"Concatenation: sizes are at least 1, got {self.sizes}")

    @property
    def inputs(self) -> tuple[Port, ...]:
        """The parts."""
        return tuple(_input(self.signal, size) for size in self.sizes)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """The whole."""
        return (_output(self.signal, sum(self.sizes)),)

    def _apply(self, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return np.concatenate(list(inputs), axis=-1)


@attrs.frozen(kw_only=True)
class ArgMax(Transformation):
    """Index of the first maximum."""

    signal: Signal = Signal.INT8

    def __attrs_post_init__(self) -> None:
        _check_numbers(self, self.signal)

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Values."""
        return (_input(self.signal, self.size),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Index."""
        return (_output(Signal.UINT32, 1),)

    def _apply(self, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        found: npt.NDArray[np.uint32] = np.argmax(inputs[0], axis=-1, keepdims=True).astype(np.uint32)
        return found


@attrs.frozen(kw_only=True)
class ReLU(Transformation):
    """Positive part."""

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Values."""
        return (_input(Signal.INT8, self.size),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Positive part."""
        return (_output(Signal.INT8, self.size),)

    def _apply(self, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        found: npt.NDArray[np.int8] = np.maximum(inputs[0], 0).astype(np.int8)
        return found


@attrs.frozen(kw_only=True)
class ConvertingReLU(Transformation):
    """Positive part, shifted to the right and limited to an activation of 5 bits.

    Args:
        shift: bits, 0..7.
    """

    shift: int = attrs.field(default=0, validator=[attrs.validators.ge(0), attrs.validators.le(7)])

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Values."""
        return (_input(Signal.INT8, self.size),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Activations."""
        return (_output(Signal.UINT5, self.size),)

    def _apply(self, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        found: npt.NDArray[np.uint8] = np.minimum(np.maximum(inputs[0], 0) >> self.shift, 31).astype(np.uint8)
        return found


@attrs.frozen(kw_only=True)
class SpikeRelay(Transformation):
    """Recorded spikes become events of another instance: other labels, and a delay.

    Args:
        delay_us: added to the times, >= 0.
        name: what is handed on, for pictures.
    """

    name: str = ""
    delay_us: float = attrs.field(default=0.0, validator=attrs.validators.ge(0.0))

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Spikes of the instance before."""
        return (Port(signal=Signal.TIMED_SPIKE_FROM_CHIP, transition=Transition.REQUIRED, data=True),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Spikes to the instance behind."""
        return (Port(signal=Signal.TIMED_SPIKE_TO_CHIP, several=True, transition=Transition.REQUIRED),)

    @property
    def label(self) -> str:
        """Name and number of neurons."""
        return f"{self.name or 'relay'} ({self.size})"
