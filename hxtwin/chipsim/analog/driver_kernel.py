"""Synapse drivers: from events on PADI buses to pulses on synapse rows, with short-term plasticity.

=============  ==================================================================================================
at an event    V_stp is brought up to date with its recovery ticks, then V_stp += U * (V_charge - V_stp), then
               the pulse is made with the new V_stp
recovery       in every tick V_stp += r * (V_recover - V_stp); ticks lie at multiples of the tick period
hagen          the activation in address bits 4..0 sets the width, code 32 - a; V_stp does not matter
=============  ==================================================================================================

Reference: analog-model.md 5, simulator-decisions.md 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.chipsim.compiled import inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.elaborate.drivers import DriverParameters

_BUSES = 4
_DRIVERS_OF_BUS = 32
_HALF = 128
_ACTIVATION = 31
_MSB = 0x20
_ONE = np.uint64(1)
_NOBODY = np.uint64(0)


@inner_kernel
def recovered(v: float, target: float, factor: float, tick: int, since: int, now: int) -> float:
    """V_stp after the ticks in ``since < t <= now``."""
    if tick == 0:
        return v
    return target + (v - target) * float(factor ** float(now // tick - since // tick))


@inner_kernel
def width(d: int, v: float, address: int, parameters: DriverParameters) -> float:
    """Pulse width of driver d in units of the full pulse."""
    if not parameters.plastic[d]:
        return float(1.0 + parameters.extension[d])
    if parameters.hagen[d]:
        activation = (32 - (address & _ACTIVATION)) & _ACTIVATION
        if activation == 0:
            return 0.0
        relative = parameters.hagen_gain[d] * activation + parameters.hagen_zero[d]
    else:
        relative = parameters.zero_width[d] - parameters.slope[d] * v
    return float(min(max(relative, 0.0), 1.0) + parameters.extension[d])


@inner_kernel
def pulse(
    cycle: int,
    hemisphere: int,
    bus: int,
    drivers: int,
    address: int,
    v: NDArray[np.float64],
    since: NDArray[np.int64],
    parameters: DriverParameters,
    listening: NDArray[np.uint64],
    out_cycles: NDArray[np.int64],
    out_rows: NDArray[np.int64],
    out_addresses: NDArray[np.uint8],
    out_lines: NDArray[np.uint8],
    out_amplitudes: NDArray[np.float32],
    n: int,
) -> int:
    """Writes the row events of one synaptic event at place `n`; returns the place behind them. See `drive`."""
    for i in range(_DRIVERS_OF_BUS):
        if (drivers >> i) & 1 == 0:
            continue
        place = _BUSES * i + bus
        d = _HALF * hemisphere + place
        if parameters.plastic[d] and not parameters.hagen[d]:
            now = recovered(
                v[d],
                parameters.recover[d],
                parameters.tick_factor[d],
                parameters.tick_cycles[d],
                since[d],
                cycle,
            )
            since[d] = cycle
            v[d] = now + parameters.utilization[d] * (parameters.charge[d] - now)
        sent = address if parameters.forwards_address[d] else address & _MSB
        for row in range(2):
            r = 2 * _HALF * hemisphere + 2 * place + row
            if (listening[r] >> np.uint64(sent)) & _ONE == _NOBODY:
                continue
            amplitude = width(d, v[d], address, parameters)
            out_cycles[n] = cycle
            out_rows[n] = r
            out_addresses[n] = sent
            out_lines[n] = parameters.row_lines[row, d]
            out_amplitudes[n] = amplitude
            n += 1
    return n


@inner_kernel
def drive(
    cycles: NDArray[np.int64],
    hemispheres: NDArray[np.uint8],
    buses: NDArray[np.uint8],
    drivers: NDArray[np.uint32],
    addresses: NDArray[np.uint8],
    v: NDArray[np.float64],
    since: NDArray[np.int64],
    parameters: DriverParameters,
    listening: NDArray[np.uint64],
    out_cycles: NDArray[np.int64],
    out_rows: NDArray[np.int64],
    out_addresses: NDArray[np.uint8],
    out_lines: NDArray[np.uint8],
    out_amplitudes: NDArray[np.float32],
) -> int:
    """Row events of synaptic events; a row that drives no line still sends its event to the correlation sensors.

    Args:
        cycles: chip cycle at the drivers, ascending, ``int64[n]``.
        hemispheres: ``uint8[n]``.
        buses: 0..3, ``uint8[n]``.
        drivers: bit i = driver ``4 i + bus`` reacts, ``uint32[n]``.
        addresses: 6-bit event address, ``uint8[n]``.
        v: V_stp, ``float64[256]``, advanced in place.
        since: chip cycle up to which recovery is contained in ``v``, ``int64[256]``, advanced in place.
        parameters: of the drivers.
        listening: bit a of a row: whoever gets its events cares for those with address a, ``uint64[512]``.
        out_cycles: output, room for two row events of each reacting driver.
        out_rows: 256 * hemisphere + row.
        out_addresses: address sent to the row.
        out_lines: bit 0 excitatory, bit 1 inhibitory.
        out_amplitudes: pulse width in units of the full pulse.

    Returns:
        Number of row events.
    """
    n = 0
    for e in range(cycles.size):
        n = pulse(
            cycles[e],
            int(hemispheres[e]),
            int(buses[e]),
            int(drivers[e]),
            int(addresses[e]),
            v,
            since,
            parameters,
            listening,
            out_cycles,
            out_rows,
            out_addresses,
            out_lines,
            out_amplitudes,
            n,
        )
    return n
