"""Execution of a network instance: host work around the chip, for 100 batch entries of 30 us.

======================================================  =========================
figure                                                  promise
======================================================  =========================
everything but the chip, for a batch of 100 entries     50 ms
programs of one instance, configuration included        60 ms
reconfiguration after all weights changed               30 ms
======================================================  =========================

The chip is a twin at the first run; later ones get its answers again, so that host work alone is measured. One input
spike in 40 ns comes back as an event (72 000 in the batch), ten neurons are sampled by the column ADC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from acceptance.remembering import Remembering

import hxtwin
from hxtwin import containers, coord
from hxtwin.comm import ut
from hxtwin.graph.execution import Conductor, Device, Hooks, InstanceTask, LabelledSpikes, RealtimeRequest
from hxtwin.graph.execution.instance_program import entries_programs, prepare
from hxtwin.graph.execution.static_configuration import configuration_words, static_configuration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_benchmark.fixture import BenchmarkFixture


ENTRIES = 100
SPIKES = 72_000
REQUEST = RealtimeRequest(runtime=3750, cadc_circuits=[0, 2, 4, 6, 8, 256, 258, 260, 262, 264])


@pytest.fixture(scope="module")
def looping_chip(chip: containers.Chip) -> containers.Chip:
    """Random weights; events of the host come straight back."""
    sources = np.array([int(node.to_crossbar_input_on_dls()) for node in coord.CrossbarNodeOnDLS.all()])
    sinks = np.array([int(node.to_crossbar_output_on_dls()) for node in coord.CrossbarNodeOnDLS.all()])
    weights = chip.columns()["synapse_blocks.matrix.weights"]
    return containers.Chip().with_columns(
        {
            "crossbar.nodes.target": np.where((sources == sinks) & (sources >= 8), 0, 1),
            "crossbar.nodes.enable_drop_counter": np.ones(len(sources), dtype=bool),
            "crossbar.outputs.enable_event_counter": np.ones(12, dtype=bool),
            "cadc_readout_chains.ramp.enable": [True, True],
            "synapse_blocks.matrix.weights": weights,
        }
    )


@pytest.fixture(scope="module")
def spikes() -> LabelledSpikes:
    rng = np.random.default_rng(1)
    return LabelledSpikes.in_order(
        rng.integers(0, ENTRIES, SPIKES), rng.integers(0, 3650, SPIKES), rng.integers(0, 1 << 16, SPIKES)
    )


@pytest.fixture(scope="module")
def device() -> Iterator[Device]:
    with hxtwin.connect("sim://?chip=ideal&noise=0&settle=instant") as connection:
        yield Device(Remembering(connection))


def bench_everything_but_the_chip(
    benchmark: BenchmarkFixture, device: Device, looping_chip: containers.Chip, spikes: LabelledSpikes
) -> None:
    def run() -> int:
        task = InstanceTask(
            instance=0,
            device=0,
            predecessors=frozenset(),
            chip=looping_chip,
            request=REQUEST,
            entries=ENTRIES,
            stimulus=lambda _: spikes,
        )
        return len(Conductor([task], [device]).run()[0].record.spikes)

    run()
    assert benchmark(run) > 0.95 * SPIKES


def bench_programs_of_one_instance(
    benchmark: BenchmarkFixture, looping_chip: containers.Chip, spikes: LabelledSpikes
) -> None:
    def compile_instance() -> int:
        prepared = prepare(looping_chip, REQUEST, Hooks())
        static_configuration(prepared.words, None)
        return len(entries_programs(prepared, ENTRIES, spikes))

    assert benchmark(compile_instance) == 1


def bench_reconfiguration_after_a_weight_change(benchmark: BenchmarkFixture, looping_chip: containers.Chip) -> None:
    base = configuration_words(looping_chip)
    weights = (looping_chip.columns()["synapse_blocks.matrix.weights"] + 1) % 64
    changed = looping_chip.with_columns({"synapse_blocks.matrix.weights": weights})

    def reconfigure() -> int:
        program = static_configuration(configuration_words(changed), base).program
        return 0 if program is None else len(ut.encode_array(program.messages))

    assert benchmark(reconfigure) > 50_000
