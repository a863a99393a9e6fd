"""Advances the neuron circuits over a span of steps: the call that the rest of the twin makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.chipsim.analog import step_kernel
from hxtwin.chipsim.analog.arrays import Coefficients, Fires, RowEvents, State
from hxtwin.chipsim.analog.discretisation import scratch
from hxtwin.chipsim.errors import TwinArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_ROOM: Final = 1 << 14
_NO_PROBES: Final = np.empty(0, dtype=np.int64)


@attrs.frozen(eq=False)
class Span:
    """What came out of a span of steps.

    Attributes:
        fires: by ascending cycle, then circuit 0..511.
        trace: values of the probes at the end of each step, ``float32[steps, probes]``.
    """

    fires: Fires
    trace: NDArray[np.float32]


def no_events() -> RowEvents:
    """No row events."""
    return row_events(np.empty(0), np.empty(0), np.empty(0), np.empty(0), np.empty(0))


def row_events(
    cycles: NDArray[np.generic],
    rows: NDArray[np.generic],
    addresses: NDArray[np.generic],
    lines: NDArray[np.generic],
    amplitudes: NDArray[np.generic],
) -> RowEvents:
    """Row events in the types of the kernels, see `RowEvents`."""
    return RowEvents(
        cycles.astype(np.int64),
        rows.astype(np.int64),
        addresses.astype(np.uint8),
        lines.astype(np.uint8),
        amplitudes.astype(np.float32),
    )


def joined_rows(parts: Sequence[RowEvents]) -> RowEvents:
    """Row events one after the other."""
    return RowEvents(
        np.concatenate([part.cycles for part in parts]),
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.addresses for part in parts]),
        np.concatenate([part.lines for part in parts]),
        np.concatenate([part.amplitudes for part in parts]),
    )


def joined_fires(parts: Sequence[Fires]) -> Fires:
    """Fires one after the other."""
    return Fires(np.concatenate([part.cycles for part in parts]), np.concatenate([part.circuits for part in parts]))


def no_fires() -> Fires:
    """No artificial fires."""
    return Fires(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def integrate(
    first: int,
    last: int,
    state: State,
    coefficients: Coefficients,
    efficacy: NDArray[np.float32],
    labels: NDArray[np.uint8],
    events: RowEvents | None = None,
    artificial: Fires | None = None,
    probes: NDArray[np.int64] = _NO_PROBES,
) -> Span:
    """Integrates steps ``first`` to ``last - 1``; step n covers the cycles n * step_cycles to (n + 1) * step_cycles.

    Args:
        first: first step.
        last: end of the steps.
        state: advanced in place.
        coefficients: settings.
        efficacy: of all synapses, ``float32[512, 256]``.
        labels: of all synapses, ``uint8[512, 256]``.
        events: ascending, before the end of the span; an event up to one step before ``first`` is late but complete.
        artificial: fires that the comparator does not cause, ascending; circuits 0..511 that are integrated.
        probes: what to record, in the numbering of `hxtwin.chipsim.analog.step_kernel.advance`.

    Raises:
        TwinArgumentError: arrays do not fit, or an artificial fire names a circuit that is not integrated.
    """
    if last < first:
        raise TwinArgumentError(f"steps {first}..{last}: the end lies before the begin")
    if efficacy.shape != labels.shape or efficacy.shape != (512, 256):
        raise TwinArgumentError(f"efficacy {efficacy.shape} and labels {labels.shape} must both be (512, 256)")
    n = coefficients.circuits.size
    if state.w.size != n or state.v.size != coefficients.constant.size:
        raise TwinArgumentError(f"state of {state.w.size} circuits with coefficients of {n}, or with other nodes")
    if probes.size and not (probes.min() >= 0 and probes.max() < 4 * n):
        raise TwinArgumentError(f"probes must lie in 0..{4 * n - 1}")
    rows = no_events() if events is None else events
    forced = no_fires() if artificial is None else _by_index(artificial, coefficients.circuits)
    trace = np.empty((last - first if probes.size else 0, probes.size), dtype=np.float32)
    fired = np.empty((2, _ROOM + 4 * n), dtype=np.int64)
    found_cycles: list[NDArray[np.int64]] = []
    found_circuits: list[NDArray[np.int64]] = []
    room = scratch(coefficients)
    step = first
    while step < last:
        before = step
        step, fires, taken, forced_taken = step_kernel.advance(
            step,
            last,
            state,
            coefficients,
            room,
            rows,
            forced,
            efficacy,
            labels,
            probes,
            trace[step - first :],
            fired,
        )
        assert step > before
        found_cycles.append(fired[0, :fires].copy())
        found_circuits.append(coefficients.circuits[fired[1, :fires]])
        rows = rows.part(slice(taken, None))
        forced = forced.part(slice(forced_taken, None))
    all_cycles = np.concatenate(found_cycles) if found_cycles else np.empty(0, np.int64)
    all_circuits = np.concatenate(found_circuits) if found_circuits else np.empty(0, np.int64)
    order = np.lexsort((all_circuits, all_cycles))
    return Span(Fires(all_cycles[order], all_circuits[order]), trace)


def _by_index(fires: Fires, circuits: NDArray[np.int64]) -> Fires:
    index = np.searchsorted(circuits, fires.circuits)
    known = index < circuits.size
    known[known] = circuits[index[known]] == fires.circuits[known]
    if not known.all():
        raise TwinArgumentError(f"circuits {np.unique(fires.circuits[~known]).tolist()} are not integrated")
    return Fires(fires.cycles.astype(np.int64), index.astype(np.int64))
