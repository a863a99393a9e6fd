"""Choice of the neuron circuit for each synapse of a neuron of several circuits."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def choose_circuits(order, source, site, receptor, bus, site_begin, site_circuits):  # type: ignore[no-untyped-def]
    """Spreads connections over the circuits of their sites.

    Of the candidates the one with the least synapses of the receptor from the bus of the source is taken (internal
    sources only: their bus is fixed), then with the least synapses of the receptor, then with the least synapses at
    all, then one in a hemisphere that the source reaches already, then the first.

    Args:
        order: ``int64[n]``, connections in the order in which they choose.
        source, site, receptor: ``int64[n]`` of the connections.
        bus: ``int64[sources]``, 0..3, or -1 if the bus is open.
        site_begin, site_circuits: candidates, see `RoutingProblem`.

    Returns:
        ``int64[n]``, circuit of each connection.
    """
    chosen = np.empty(len(source), dtype=np.int64)
    load = np.zeros((2, 512), dtype=np.int64)
    bus_load = np.zeros((4, 2, 512), dtype=np.int64)
    reached = np.zeros((len(bus), 2), dtype=np.bool_)
    for i in order:
        s = source[i]
        first, last = site_begin[site[i]], site_begin[site[i] + 1]
        best = site_circuits[first]
        if last - first > 1:
            best_cost = np.int64(1) << 60
            for j in range(first, last):
                c = site_circuits[j]
                r = receptor[i]
                same = load[0, c] + load[1, c] if r == 2 else load[r, c]
                from_bus = 0
                if bus[s] >= 0:
                    b = bus[s]
                    from_bus = bus_load[b, 0, c] + bus_load[b, 1, c] if r == 2 else bus_load[b, r, c]
                new_half = 0 if reached[s, c // 256] else 1
                cost = ((from_bus * 65536 + same) * 65536 + load[0, c] + load[1, c]) * 2 + new_half
                if cost < best_cost:
                    best_cost = cost
                    best = c
        chosen[i] = best
        reached[s, best // 256] = True
        for r in range(2):
            if receptor[i] == 2 or receptor[i] == r:
                load[r, best] += 1
                if bus[s] >= 0:
                    bus_load[bus[s], r, best] += 1
    return chosen
