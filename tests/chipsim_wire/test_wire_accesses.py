"""Accesses to the chip act in their cycle, whatever else moves (simulator-decisions.md 28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from acceptance.bench import Bench, Setting

import hxtwin
from hxtwin import containers, coord

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SPIKES = 400
SPACING = 5
CLOSED, OPEN = 140, 280
MARK = 0x2000
"""In labels of the test alone, not in those of neurons."""
FIRING = np.where(np.arange(512) % 2, 800, 574)
"""Leak above threshold of half of the neurons: the chip never rests."""


def looped_back(bench: Bench, leak: ArrayLike) -> NDArray[np.uint16]:
    """Labels that come back through a crossbar node that is closed for a while."""
    node = coord.CrossbarNodeOnDLS(coord.CrossbarInputOnDLS(8), coord.CrossbarOutputOnDLS(8))
    passing, closed = containers.CrossbarNode(mask=0, target=0), containers.CrossbarNode(mask=0, target=1)
    builder = bench.begin({"v_leak": leak})
    Setting(builder).silence()
    builder.write(node, passing)
    builder.barrier(omnibus=True)
    builder.reset_timer()
    begin = 100
    for first, last, word in ((0, CLOSED, closed), (CLOSED, OPEN, passing), (OPEN, SPIKES, passing)):
        numbers = np.arange(first, last)
        builder.write_spike_train(begin + SPACING * (numbers - first), (MARK + numbers).astype(np.uint16))
        begin += SPACING * (last - first) + 10
        builder.wait_until(begin - 5)
        builder.write(node, word)
    builder.wait_until(begin + 500)
    labels: NDArray[np.uint16] = bench.run(builder).spikes["label"]
    marked: NDArray[np.uint16] = labels[labels & MARK != 0] - MARK
    return marked


def test_a_node_closes_and_opens_in_the_same_cycle_on_a_chip_at_rest_and_on_a_busy_one(bench: Bench) -> None:
    quiet, busy = looped_back(bench, 500), looped_back(bench, FIRING)
    assert np.array_equal(quiet, busy)
    assert CLOSED - 20 < np.count_nonzero(quiet < CLOSED + 20) < CLOSED + 20
    assert not np.any((quiet >= CLOSED + 20) & (quiet < OPEN - 20))
    assert quiet[-1] == SPIKES - 1


def test_reads_between_writes_on_a_busy_chip_see_what_was_written_before_them(bench: Bench) -> None:
    builder = bench.begin({"v_leak": FIRING})
    Setting(builder).silence()
    place = coord.CrossbarNodeOnDLS(3)
    tickets = []
    for target in range(20):
        builder.write(place, containers.CrossbarNode(mask=0, target=target))
        tickets.append(builder.read(place, containers.CrossbarNode))
    bench.run(builder)
    assert [ticket.get().target for ticket in tickets] == list(range(20))


def reads_in_a_row(bench: Bench, *, recording: bool) -> NDArray[np.int64]:
    """Reads of circuits 7, which fires all the time, and 8."""
    builder = bench.begin({"v_leak": np.where(np.arange(512) == 7, 800, 574)})
    setting = Setting(builder)
    setting.silence()
    setting.membrane_adc(8, samples=4000)
    for start in (recording, False):
        control = containers.MADCControl(enable_pre_amplifier=True, start_recording=start)
        builder.write(coord.MADCControlOnDLS(), control)
    setting.wait_us(20)
    builder.reset_timer()
    tickets = []
    for k in range(12):
        builder.wait_until(300 * (k + 1))
        tickets.append(builder.read(coord.CADCSampleRowOnDLS(0), containers.CADCSampleRow))
    bench.run(builder)
    return np.array([ticket.get().causal for ticket in tickets]).astype(np.int64)[:, [7, 8]]


def test_conversions_in_a_row_give_what_single_ones_give() -> None:
    reads = []
    for recording in (False, True):  # while the membrane ADC records, every conversion is made on its own
        with hxtwin.connect("sim://?chip=ideal&noise=0&settle=instant") as connection:
            reads.append(reads_in_a_row(Bench(connection), recording=recording))
    together, alone = reads
    assert together.tolist() == alone.tolist()
    assert np.ptp(together[:, 1]) == 0
    assert np.ptp(together[:, 0]) > 10
