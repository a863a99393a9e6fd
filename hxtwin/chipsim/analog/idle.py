"""Long stretches without input: quiet neurons jump over them in closed form.

Time is cut into fixed *epochs* of `EPOCH_STEPS` steps. A neuron, that is a group of electrically connected circuits,
jumps over an epoch without input if

- its circuits are in phase READY, without adaptation, exponential term, conductance mode and resistors,
- its lines are at rest, and its membrane has reached its fixed point (noise-free change below 1 uV per step, or the
  distance is within 6 sigma of the noise),
- its thresholds lie more than 8 sigma of the noise above the fixed point, so that no spike is possible.

Its membrane after the epoch is the fixed point, plus what is left of its distance before, plus one number of variance
``D tau / 2 * (1 - exp(-2 T / tau))``, keyed by circuit and epoch. Free membranes (no leak) do not jump. The decision
looks at the neuron alone, so it does not depend on which others are integrated; it needs a whole epoch in one call.
Reference: analog-model.md 9, 13.4; simulator-decisions.md 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.analog import layout, noise_kernel
from hxtwin.chipsim.analog.arrays import Fires
from hxtwin.chipsim.analog.integration import integrate
from hxtwin.chipsim.errors import TwinArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.arrays import Coefficients, State

EPOCH_STEPS: Final = 1 << 13
"""819.2 us at the default step."""
_SETTLED_V: Final = 1e-6
_LINE_AT_REST: Final = 1e-6
_EXCLUDED_SIGMA: Final = 8.0
_BISECTIONS: Final = 40


def fixed_point(state: State, coefficients: Coefficients) -> NDArray[np.float64]:
    """Membranes without input and noise, by bisection of the monotonic current balance between the rails; V.

    Returns:
        ``float64[N]``, of the node at every member.
    """
    n = state.v.size
    node = state.node.astype(np.float64)
    drive = coefficients.constant.astype(np.float64)
    lines = coefficients.lines.astype(np.float64)
    rest = lines[layout.LINE_AMPLITUDE] * np.tanh(-lines[layout.LINE_REFERENCE])
    np.add.at(drive, coefficients.root, rest[:n] + rest[n:])
    low = np.full(n, float(coefficients.rules[1]))
    high = np.full(n, float(coefficients.rules[2]))
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        u = np.clip((node[layout.NODE_TARGET] - middle) * node[layout.NODE_INVERSE_RANGE], -1.25, 1.25)
        rising = node[layout.NODE_LIMIT] * (u - 0.08192 * u**5) + drive > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    point: NDArray[np.float64] = (0.5 * (low + high))[coefficients.root]
    return point


def jumpable(state: State, coefficients: Coefficients, point: NDArray[np.float64] | None = None) -> NDArray[np.bool_]:
    """Circuits that may jump over an epoch in which nothing reaches them, ``bool[N]``; see the module.

    Args:
        state: at the begin of the epoch.
        coefficients: settings.
        point: `fixed_point` of the same phases, if known.
    """
    n = state.v.size
    if coefficients.has_adaptation or coefficients.has_exponential or coefficients.conductance_lines.size:
        return np.zeros(n, dtype=np.bool_)
    root = coefficients.root
    point = fixed_point(state, coefficients) if point is None else point
    rate = _rate(point, state, coefficients)
    sigma = coefficients.noise_kick / np.sqrt(2.0 * np.maximum(rate, 1e-12))
    away = np.abs(state.v - point)
    quiet = (rate > 1e-6) & ((away * rate < _SETTLED_V) | (away < 6.0 * sigma))
    quiet &= state.digital[layout.DIGITAL_PHASE] == layout.READY
    quiet &= (np.abs(state.x[:n]) < _LINE_AT_REST) & (np.abs(state.x[n:]) < _LINE_AT_REST)
    quiet &= coefficients.circuit[layout.CIRCUIT_THRESHOLD] - point > _EXCLUDED_SIGMA * sigma
    quiet[coefficients.resistor_nodes] = False
    busy_node = np.zeros(n, dtype=np.bool_)
    np.logical_or.at(busy_node, root, ~quiet)
    result: NDArray[np.bool_] = ~busy_node[root]
    return result


def after_jump(epoch: int, state: State, coefficients: Coefficients, point: NDArray[np.float64]) -> NDArray[np.float32]:
    """Membranes at the end of an epoch, ``float32[N]``, V; holds for circuits that are `jumpable`."""
    decay = np.exp(-_rate(point, state, coefficients) * EPOCH_STEPS)
    rate = np.maximum(_rate(point, state, coefficients), 1e-12)
    sigma = coefficients.noise_kick * np.sqrt((1.0 - decay**2) / (2.0 * rate))
    numbers = np.zeros(state.v.size, dtype=np.float32)
    noise_kernel.add(
        numbers, np.float32(1.0), coefficients.noise_sources, coefficients.noise_key, noise_kernel.GAP, epoch
    )
    v = point + (state.v - point) * decay + sigma * numbers[coefficients.root]
    return np.clip(v, coefficients.rules[1], coefficients.rules[2]).astype(np.float32)


def integrate_idle(
    first: int,
    last: int,
    state: State,
    coefficients: Coefficients,
    efficacy: NDArray[np.float32],
    labels: NDArray[np.uint8],
) -> Fires:
    """Advances over steps without any input.

    In a whole epoch the neurons that may jump do, whatever the others do; if there are others, all are integrated and
    the result of those that jump is replaced.

    Args:
        first: first step.
        last: end of the steps.
        state: advanced in place.
        coefficients: settings.
        efficacy: ``float32[512, 256]``.
        labels: ``uint8[512, 256]``.

    Returns:
        Fires, ascending.

    Raises:
        TwinArgumentError: the end lies before the begin.
    """
    if last < first:
        raise TwinArgumentError(f"steps {first}..{last}: the end lies before the begin")
    cycles, circuits = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    point = fixed_point(state, coefficients)
    step = first
    while step < last:
        end = min((step // EPOCH_STEPS + 1) * EPOCH_STEPS, last)
        quiet = np.zeros(state.v.size, dtype=np.bool_)
        if end - step == EPOCH_STEPS:
            quiet = jumpable(state, coefficients, point)
        jumped = after_jump(step // EPOCH_STEPS, state, coefficients, point) if quiet.any() else state.v
        if not quiet.all():
            fires = integrate(step, end, state, coefficients, efficacy, labels).fires
            cycles.append(fires.cycles)
            circuits.append(fires.circuits)
            point = fixed_point(state, coefficients)  # phases may have changed
        state.v[quiet] = jumped[quiet]
        state.x[np.tile(quiet, 2)] = 0.0
        step = end
    return Fires(np.concatenate(cycles), np.concatenate(circuits))


def _rate(point: NDArray[np.float64], state: State, coefficients: Coefficients) -> NDArray[np.float64]:
    """Step / tau at the fixed point, of the node at every member."""
    node = state.node
    u = np.clip((node[layout.NODE_TARGET] - point) * node[layout.NODE_INVERSE_RANGE], -1.25, 1.25)
    slope: NDArray[np.float64] = (node[layout.NODE_CONDUCTANCE] * (1.0 - 0.4096 * u**4))[coefficients.root]
    return slope
