"""Order and overlap of execution instances on one chip and on two."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.graph.errors import ExecutionError
from hxtwin.graph.execution import Conductor, Device, InstanceTask, LabelledSpikes, RealtimeRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hxtwin.graph.execution import InstanceRecord

    from .conftest import ChipMaker, WatchedConnection

    Stimulus = Callable[[Mapping[int, InstanceRecord]], LabelledSpikes]

LONGEST_WAIT_S = 20.0


def silent(_: Mapping[int, InstanceRecord]) -> LabelledSpikes:
    return LabelledSpikes.none()


def one_spike(label: int, time: int = 100) -> LabelledSpikes:
    return LabelledSpikes.in_order(np.array([0]), np.array([time]), np.array([label]))


@pytest.fixture
def make_task(loop_chip: ChipMaker) -> Callable[..., InstanceTask]:
    chip = loop_chip()

    def make(instance: int, *, device: int = 0, after: Iterable[int] = (), stimulus: Stimulus = silent) -> InstanceTask:
        return InstanceTask(
            instance=instance,
            device=device,
            predecessors=frozenset(after),
            chip=chip,
            request=RealtimeRequest(runtime=500, relaxation=0),
            entries=1,
            stimulus=stimulus,
        )

    return make


def test_spikes_of_an_instance_are_the_input_of_a_later_one(
    connection: WatchedConnection, make_task: Callable[..., InstanceTask]
) -> None:
    def next_label(number: int) -> Stimulus:
        def replay(records: Mapping[int, InstanceRecord]) -> LabelledSpikes:
            return one_spike(int(records[number].spikes.labels[0]) + 1)

        return replay

    first = make_task(3, stimulus=lambda _: one_spike(40))
    chain = [first, make_task(1, after=[3], stimulus=next_label(3)), make_task(2, after=[1], stimulus=next_label(1))]
    outcomes = Conductor(chain, [Device(connection)]).run()
    assert list(outcomes) == [3, 1, 2]
    assert [outcomes[number].record.spikes.labels.tolist() for number in outcomes] == [[40], [41], [42]]


def test_independent_instances_run_at_the_same_time_on_two_chips(
    connection: WatchedConnection, other_connection: WatchedConnection, make_task: Callable[..., InstanceTask]
) -> None:
    both = threading.Barrier(2, timeout=LONGEST_WAIT_S)

    def meet(number: int) -> None:
        if number == 2:  # bring-up, configuration, entries
            both.wait()

    connection.at_run = other_connection.at_run = meet
    devices = [Device(connection), Device(other_connection)]
    outcomes = Conductor([make_task(0, device=0), make_task(1, device=1)], devices).run()
    assert len(outcomes) == 2
    assert not both.broken


def test_the_next_instance_is_compiled_while_the_chip_runs(
    connection: WatchedConnection, make_task: Callable[..., InstanceTask]
) -> None:
    compiling = threading.Event()
    seen = []

    def compile_next(_: Mapping[int, InstanceRecord]) -> LabelledSpikes:
        compiling.set()
        return LabelledSpikes.none()

    def wait_for_compilation(number: int) -> None:
        if number == 2:
            seen.append(compiling.wait(LONGEST_WAIT_S))

    connection.at_run = wait_for_compilation
    Conductor([make_task(0), make_task(1, stimulus=compile_next)], [Device(connection)]).run()
    assert seen == [True]


def test_a_chip_gets_its_instances_in_plan_order_whichever_compilation_ends_first(
    connection: WatchedConnection, other_connection: WatchedConnection, make_task: Callable[..., InstanceTask]
) -> None:
    """Instance 1 waits for instance 0 on another chip, which waits for the compilation of 2: 2 is not preferred."""
    order: list[int] = []

    def noted(instance: int) -> Stimulus:
        def stimulus(_: Mapping[int, InstanceRecord]) -> LabelledSpikes:
            order.append(instance)
            return one_spike(instance)

        return stimulus

    tasks = [
        make_task(0, device=1, stimulus=noted(0)),
        make_task(1, device=0, after=[0], stimulus=noted(1)),
        make_task(2, device=0, stimulus=noted(2)),
    ]
    outcomes = Conductor(tasks, [Device(connection), Device(other_connection)]).run()
    assert order == [0, 1, 2]
    begins = [outcomes[number].record.spikes.labels.tolist() for number in (0, 1, 2)]
    assert begins == [[0], [1], [2]]
    assert len(connection.runs) == 4  # bring-up, configuration, entries of 1, entries of 2


def test_a_failure_ends_the_run_and_nothing_hangs(
    connection: WatchedConnection, other_connection: WatchedConnection, make_task: Callable[..., InstanceTask]
) -> None:
    other_connection.dies_in = 1
    tasks = [
        make_task(0, device=1),
        make_task(1, device=0),
        make_task(2, device=1, after=[1]),
        make_task(3, device=0, after=[0, 2]),
    ]
    with pytest.raises(ExecutionError, match=r"execution instance 0 on sim://\?chip=8.*, execution: the device fell"):
        Conductor(tasks, [Device(connection), Device(other_connection)]).run()
    assert len(other_connection.runs) == 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("chip ", "compile"))]
    again = Conductor([make_task(0, device=0)], [Device(connection)]).run()
    assert list(again) == [0]


def test_an_error_in_a_stimulus_names_the_instance(
    connection: WatchedConnection, make_task: Callable[..., InstanceTask]
) -> None:
    def broken(_: Mapping[int, InstanceRecord]) -> LabelledSpikes:
        raise ZeroDivisionError("no spikes")

    with pytest.raises(ZeroDivisionError, match="no spikes") as caught:
        Conductor([make_task(6, stimulus=broken)], [Device(connection)]).run()
    assert caught.value.__notes__[0].startswith("execution instance 6 on sim://")
    assert caught.value.__notes__[0].endswith("compilation")


def test_a_plan_in_which_an_instance_precedes_what_it_needs_is_refused(
    connection: WatchedConnection, make_task: Callable[..., InstanceTask]
) -> None:
    with pytest.raises(ExecutionError, match=r"execution instance 1 comes before \[2\], which it depends on"):
        Conductor([make_task(1, after=[2]), make_task(2)], [Device(connection)])
