"""Wires between the backends of the circuits: which circuits fire together, and where post pulses come from.

=========================  =========================================================================================
setting                    effect
=========================  =========================================================================================
enable_neuron_master       a fire of the circuit goes onto its segment of the wire (neuron_fire_connect)
enable_neuron_slave        a fire on the segment is a fire of the circuit
connect_fire_bottom        joins the segments of the two rows; one of the two circuits suffices (inferred)
connect_fire_to_right      drives the segment of column + 1; what else drives that one is overwritten
connect_fire_from_right    without effect: defective on the chip
post pulse                 none with post_overwrite; else of the circuit's own fires with enable_bayesian_extension,
                           else of the fires on its segment
=========================  =========================================================================================

Halves of the chip are not connected (inferred, as for membranes). Of the operations of the bayesian module "local" is
modelled; the others combine refractory signals in time and count as local. Reference: containers-a.md 4.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from hxtwin.chipsim.elaborate.neurons import BACKEND_OF_CIRCUIT
from hxtwin.chipsim.personality import CIRCUITS, COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

_HALF: Final = COLUMNS // 2
_CIRCUITS: Final = np.arange(CIRCUITS)
_OPPOSITE: Final = (_CIRCUITS + COLUMNS) % CIRCUITS


@attrs.frozen(eq=False)
class FireWires:
    """What else happens when a circuit fires.

    Attributes:
        followers: pairs of a circuit and another one that fires with it, ascending, ``int64[n, 2]``.
        posts: pairs of a circuit and a circuit whose correlation sensors get a post pulse, ascending, ``int64[m, 2]``.
        separate: there are no followers, and all posts are own ones.
        operates: circuits whose bayesian module shall do more than "local", which is not modelled, ``bool[512]``.
    """

    followers: NDArray[np.int64]
    posts: NDArray[np.int64]
    separate: bool
    operates: NDArray[np.bool_]

    @classmethod
    def of(cls, backend: Mapping[str, ArrayLike]) -> FireWires:
        """From columns of `NeuronBackendConfig`, ``[512]`` in the order of that container."""

        def flag(name: str) -> NDArray[np.bool_]:
            return np.asarray(backend[name])[BACKEND_OF_CIRCUIT].astype(np.bool_)

        master, slave = flag("enable_neuron_master"), flag("enable_neuron_slave")
        own = flag("enable_bayesian_extension")
        listens = ~flag("post_overwrite")
        operates = own & (flag("enable_bayesian_0") | flag("enable_bayesian_1"))
        none = np.empty((0, 2), dtype=np.int64)
        if not master.any() or not (slave.any() or (listens & ~own).any()):
            posts = np.flatnonzero(listens & own)
            return cls(none, np.stack([posts, posts], 1), bool((listens & own).all()), operates)
        driver, segment = _reached(master, flag("connect_fire_bottom"), flag("connect_fire_to_right"))
        follows = slave[segment] & (driver != segment)
        hears = (listens & ~own)[segment]
        selves = _CIRCUITS[listens & own]
        posts = np.concatenate([np.stack([driver[hears], segment[hears]], 1), np.stack([selves, selves], 1)])
        return cls(
            followers=np.stack([driver[follows], segment[follows]], 1),
            posts=posts[np.lexsort((posts[:, 1], posts[:, 0]))],
            separate=False,
            operates=operates,
        )


def _reached(
    master: NDArray[np.bool_], bottom: NDArray[np.bool_], to_right: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Masters and the segments that their fires reach, pairwise, ascending; ``int64[n]`` each."""
    sends = to_right & (_CIRCUITS % _HALF != _HALF - 1)
    joined = bottom | bottom[_OPPOSITE]
    overwritten = np.zeros(CIRCUITS, dtype=np.bool_)
    overwritten[_CIRCUITS[sends] + 1] = True
    overwritten |= overwritten[_OPPOSITE] & joined
    drivers = np.flatnonzero(master & ~overwritten)
    begin = np.concatenate([_CIRCUITS[sends], _CIRCUITS[joined]])
    end = np.concatenate([_CIRCUITS[sends] + 1, _OPPOSITE[joined]])
    ways = coo_array((np.ones(begin.size), (begin, end)), shape=(CIRCUITS, CIRCUITS)).tocsr()
    reached = np.isfinite(dijkstra(ways, indices=drivers, unweighted=True).reshape(-1, CIRCUITS))
    which, segment = np.nonzero(reached)
    return drivers[which].astype(np.int64), segment.astype(np.int64)
