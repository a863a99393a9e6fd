"""The event network: crossbar, recording, background sources, neuron outputs, PADI buses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import containers
from hxtwin.chipsim import Probe, Twin
from hxtwin.comm import ut
from hxtwin.coord import CrossbarNodeOnDLS

from .client import Client, bring_up, read, stamped, write

if TYPE_CHECKING:
    from numpy.typing import NDArray


WAIT = [ut.TimerSetup(), ut.WaitUntil(1000)]
OUTPUT_CONFIG = 0x00130000
SOURCES = 0x00130001
NODES = 0x00130019
DROPS = 0x00130065
COUNTS = 0x00130079
DROP_ALL = 1 << 16


def spikes(messages: list[ut.Message]) -> list[int]:
    packs = (ut.SpikePack1FromFPGA, ut.SpikePack2FromFPGA, ut.SpikePack3FromFPGA)
    return [spike.spike for m in messages if isinstance(m, packs) for spike in m.spikes]


def pack_sizes(messages: list[ut.Message]) -> list[int]:
    packs = (ut.SpikePack1FromFPGA, ut.SpikePack2FromFPGA, ut.SpikePack3FromFPGA)
    return [len(m.spikes) for m in messages if isinstance(m, packs)]


def node(output: int, crossbar_input: int) -> int:
    for candidate in CrossbarNodeOnDLS.all():
        if (int(candidate.to_crossbar_output_on_dls()), int(candidate.to_crossbar_input_on_dls())) == (
            output,
            crossbar_input,
        ):
            return NODES + int(candidate)
    raise AssertionError((output, crossbar_input))


# --- loop-back --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", [0x0000, 0x1234, 0x4001, 0x8ABC, 0xFFFF])
def test_a_label_returns_unchanged_after_51_cycles(linked: Client, label: int) -> None:
    answers = stamped(linked.run(ut.Loopback(ut.TICK), ut.SpikePack1ToFPGA((label,)), WAIT))
    (tick, _), (time, pack) = answers
    assert spikes([pack]) == [label]
    assert time - (tick + 1) == 51


def test_time_stamp_is_the_chip_cycle_at_the_crossbar_output(linked: Client) -> None:
    packs = ut.MessageArray.from_messages([ut.SpikePack1ToFPGA((7,)), *WAIT], "to_fpga")
    (spike,) = linked.responses(packs).spikes
    assert int(spike["fpga_time"]) - int(spike["chip_time"]) == 25


def test_labels_that_arrive_together_share_a_pack(linked: Client) -> None:
    answers = linked.run(ut.SpikePack3ToFPGA((1, 2, 3)), WAIT)
    assert pack_sizes(answers) == [2, 1]
    assert spikes(answers) == [1, 2, 3]


def test_waiting_events_are_packed_by_three(linked: Client) -> None:
    reads = read(0x00140000) * 40
    sent = [ut.SpikePack2ToFPGA((2 * i, 2 * i + 1)) for i in range(15)]
    answers = linked.run(reads, sent, reads, WAIT)
    assert sorted(spikes(answers)) == list(range(30))
    assert 3 in pack_sizes(answers)


def test_all_spikes_of_two_per_cycle_return(linked: Client) -> None:
    labels = np.arange(20_000) % 0x10000
    packs = ut.spike_packs_to_fpga(labels, np.full(10_000, 2))
    wait = ut.MessageArray.from_messages(WAIT, "to_fpga")
    found = linked.responses(ut.MessageArray.concatenate([packs, wait])).spikes
    assert np.array_equal(found["label"], labels)
    assert np.all(np.diff(found["chip_time"].astype(np.int64)) >= 0)
    assert np.all(found["fpga_time"] - found["chip_time"] < 128)


@pytest.mark.parametrize(("packs", "lost"), [(64, 0), (65, 1), (100, 36)])
def test_packs_of_three_in_every_cycle_overflow_after_64_cycles(linked: Client, packs: int, lost: int) -> None:
    assert len(spikes(linked.run([ut.SpikePack3ToFPGA((1, 0x4002, 0x8003))] * packs, WAIT))) == 3 * packs - lost


def test_events_are_not_recorded_while_recording_is_off(linked: Client) -> None:
    first = linked.run(write(0x88000005, 0), ut.SpikePack1ToFPGA((1,)), WAIT, write(0x88000005, 1), WAIT)
    assert spikes(first) == []


def test_the_recording_gate_is_looked_at_when_the_event_arrives(linked: Client) -> None:
    late = linked.run(write(0x88000005, 0), ut.SpikePack1ToFPGA((1,)), write(0x88000005, 1), WAIT)
    assert spikes(late) == [1]


def test_events_between_two_programs_are_forgotten(linked: Client) -> None:
    assert spikes(linked.run(ut.SpikePack1ToFPGA((1,)))) == []
    assert spikes(linked.run(WAIT)) == []


def test_a_reset_of_the_chip_loses_events_under_way(linked: Client) -> None:
    assert spikes(linked.run(ut.SpikePack1ToFPGA((1,)), ut.Reset(1), WAIT, ut.Reset(0), WAIT)) == []


# --- crossbar ---------------------------------------------------------------------------------------------------------


def test_a_node_drops_all_with_mask_0_and_target_1(linked: Client) -> None:
    program = [*write(node(9, 9), DROP_ALL), ut.Barrier(omnibus=1)]
    answers = linked.run(program, [ut.SpikePack1ToFPGA((label,)) for label in (0x0001, 0x4001, 0x8001)], WAIT)
    assert spikes(answers) == [0x0001, 0x8001]


def test_a_node_passes_labels_that_match_its_target(linked: Client) -> None:
    program = [*write(node(8, 8), 0x2000 << 16 | 0x2000), ut.Barrier(omnibus=1)]
    answers = linked.run(program, [ut.SpikePack1ToFPGA((label,)) for label in (0x2001, 0x1001, 0x3FFF, 0)], WAIT)
    assert spikes(answers) == [0x2001, 0x3FFF]


def test_a_write_to_a_node_overtakes_no_event_that_was_sent_before(linked: Client) -> None:
    answers = linked.run(ut.SpikePack1ToFPGA((1,)), write(node(8, 8), DROP_ALL), WAIT, ut.SpikePack1ToFPGA((2,)), WAIT)
    assert spikes(answers) == [1]


def test_event_counters_count_what_leaves_if_enabled(linked: Client) -> None:
    config = write(OUTPUT_CONFIG, 1 << (4 + 8) | 1 << (4 + 0))
    sent = [ut.SpikePack1ToFPGA((label,)) for label in (0, 1, 2, 0x4000)]
    words = linked.words(config, ut.Barrier(omnibus=1), sent, WAIT, *(read(COUNTS + output) for output in (8, 9, 0, 1)))
    assert words == [3, 0, 4, 0]


def test_slow_output_sends_an_event_in_8_chip_cycles(linked: Client) -> None:
    packs = ut.MessageArray.from_messages(
        [*write(OUTPUT_CONFIG, 1), ut.Barrier(omnibus=1), *[ut.SpikePack2ToFPGA((1, 2))] * 3, *WAIT], "to_fpga"
    )
    times = linked.responses(packs).spikes["chip_time"].astype(np.int64)
    assert np.diff(times).tolist() == [4] * 5


def test_congestion_counts_into_the_drop_counter_of_the_input_if_enabled(linked: Client) -> None:
    passing = write(node(8, 8), 1 << 31)
    sent = [ut.SpikePack2ToFPGA((1, 2))] * 20
    words = linked.words(write(OUTPUT_CONFIG, 1), passing, ut.Barrier(omnibus=1), sent, WAIT, read(DROPS + 8))
    answers = linked.run(sent, WAIT)
    assert words == [40 - len(spikes(answers))]
    assert words[0] > 20


def test_events_refused_by_a_mask_are_not_counted_as_lost(linked: Client) -> None:
    program = [*write(node(8, 8), DROP_ALL | 1 << 31), ut.SpikePack1ToFPGA((1,)), *WAIT, *read(DROPS + 8)]
    assert linked.words(program) == [0]


# --- background sources -----------------------------------------------------------------------------------------------


def source(
    index: int, *, period: int, rate: int = 0, seed: int = 1, label: int = 0, mask: int = 0, random: bool
) -> list[ut.ToFPGA]:
    config = containers.BackgroundSpikeSource(
        enable=True, enable_random=random, period=period, rate=rate, seed=seed, neuron_label=label, mask=mask
    )
    first = SOURCES + 3 * index
    return [
        m for offset, word in zip((1, 2, 0), config.encode().tolist(), strict=True) for m in write(first + offset, word)
    ]


def off(index: int) -> list[ut.ToFPGA]:
    return write(SOURCES + 3 * index, 0)


def background(client: Client, *parts: list[ut.ToFPGA], cycles: int = 10_000) -> NDArray[np.void]:
    program = [m for part in parts for m in part]
    program += [
        ut.Barrier(omnibus=1),
        ut.TimerSetup(),
        ut.WaitUntil(cycles),
        *off(0),
        ut.TimerSetup(),
        ut.WaitUntil(500),
    ]
    return client.responses(ut.MessageArray.from_messages(program, "to_fpga")).spikes


@pytest.mark.parametrize("index", range(8))
def test_regular_source_sends_on_its_link_output(linked: Client, index: int) -> None:
    sent = [*source(index, period=99, label=0x155, random=False), ut.TimerSetup(), ut.WaitUntil(1000), *off(index)]
    answers = linked.run(sent, WAIT)
    assert set(spikes(answers)) == {(index % 4) << 14 | 0x155}


@pytest.mark.parametrize("period", [1, 9, 100, 65_535])
def test_regular_source_has_period_plus_one_chip_cycles_between_events(linked: Client, period: int) -> None:
    found = background(linked, source(0, period=period, random=False), cycles=140_000 if period > 1000 else 5_000)
    times = found["chip_time"].astype(np.int64)
    assert len(times) > 3
    assert np.mean(np.diff(times)) * 2 == pytest.approx(period + 1, rel=1e-3)


def test_count_of_a_regular_source_follows_the_hardware_test(linked: Client) -> None:
    assert len(background(linked, source(0, period=100, random=False))) == pytest.approx(2 * 10_000 / 100, rel=0.05)


@pytest.mark.parametrize("rate", [0, 63, 255])
def test_random_source_fires_with_rate_plus_one_in_256_per_bin(linked: Client, rate: int) -> None:
    bins = 2 * 200_000 // 10
    found = background(linked, source(0, period=9, rate=rate, seed=1234, random=True), cycles=200_000)
    p = (rate + 1) / 256
    assert abs(len(found) - p * bins) <= 5 * np.sqrt(bins * p * (1 - p)) + 20


def test_random_source_replaces_the_masked_label_bits_alone(linked: Client) -> None:
    found = background(
        linked, source(0, period=9, rate=255, label=0x1F00 | 0xA5, mask=0x0F, seed=7, random=True), cycles=50_000
    )
    labels = found["label"].astype(np.int64)
    assert set((labels & ~0xF).tolist()) == {0x1FA0}
    assert np.all(np.abs(np.bincount(labels & 0xF, minlength=16) / len(labels) - 1 / 16) < 0.01)


def test_random_source_is_determined_by_its_seed() -> None:
    def intervals(seed: int) -> list[int]:
        client = Client()
        client.run(bring_up())
        found = background(client, source(0, period=9, rate=20, seed=seed, random=True))
        return [int(interval) for interval in np.diff(found["chip_time"].astype(np.int64))]

    assert intervals(5) == intervals(5)
    assert intervals(5) != intervals(6)
    assert len(intervals(5)) > 100


def test_seed_0_is_not_dead(linked: Client) -> None:
    assert len(background(linked, source(0, period=9, rate=255, seed=0, random=True))) > 1000


def test_sources_are_silent_after_a_reset(linked: Client) -> None:
    linked.run(source(0, period=9, random=False), ut.Barrier(omnibus=1))
    linked.run(bring_up())
    assert spikes(linked.run(WAIT)) == []


# --- neuron event outputs ---------------------------------------------------------------------------------------------


def neuron_setup(row: int, column: int, address: int, *, fire: bool = True, out: bool = True) -> list[ut.ToFPGA]:
    config = containers.NeuronConfig(enable_fire=fire).encode().tolist()
    quadrant = 2 * row + column // 128
    first = 0x00160002 + 0x8000 * quadrant + 8 * (column % 128)
    messages = [m for i, word in enumerate(config) for m in write(first + i, word)]
    backend = containers.NeuronBackendConfig(address_out=address, enable_spike_out=out, refractory_time=10)
    first = (0x001A9000 if column >= 128 else 0x001A1000) + 4 * (column % 128 + 128 * row)
    messages += [m for i, word in enumerate(backend.encode().tolist()) for m in write(first + i, word)]
    common = containers.CommonNeuronBackendConfig(enable_clocks=True, enable_event_registers=True, force_reset=False)
    first = 0x001A9800 if column >= 128 else 0x001A1800
    return messages + [m for i, word in enumerate(common.encode().tolist()) for m in write(first + i, word)]


def neuron_address(row: int, column: int, base: int = 0) -> int:
    return (0x0012A000 if column >= 128 else 0x00122000) + base + 4 * (column % 128 + 128 * row)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 31), (0, 32), (1, 127), (0, 128), (1, 255)])
def test_a_neuron_reset_is_seen_as_a_spike_with_output_and_address(linked: Client, row: int, column: int) -> None:
    answers = linked.run(neuron_setup(row, column, 0x5A), write(neuron_address(row, column), 0), WAIT)
    output = column // 32
    assert spikes(answers) == [(output % 4) << 14 | output << 8 | 0x5A]


def test_a_neuron_without_enable_fire_stays_silent(linked: Client) -> None:
    answers = linked.run(neuron_setup(0, 5, 1, fire=False), write(neuron_address(0, 5), 0), WAIT)
    assert spikes(answers) == []


def test_spike_counter_counts_without_spike_output_and_is_cleared(linked: Client) -> None:
    count, reset = neuron_address(1, 200, 0x800), neuron_address(1, 200, 0xC00)
    fire = [*write(neuron_address(1, 200), 0), ut.TimerSetup(), ut.WaitUntil(3000)]
    answers = linked.run(neuron_setup(1, 200, 0, out=False), fire * 3, read(count), write(reset, 0), read(count))
    assert [m.payload for m in answers if isinstance(m, ut.OmnibusResponse)] == [3, 0]
    assert spikes(answers) == []


def test_spike_counter_wraps_and_remembers_it(linked: Client) -> None:
    fire = [*write(neuron_address(0, 3), 0), ut.TimerSetup(), ut.WaitUntil(3000)]
    words = linked.words(neuron_setup(0, 3, 0, out=False), fire * 259, read(neuron_address(0, 3, 0x800)))
    assert words == [0x100 | 3]


def test_a_fire_in_the_refractory_period_is_ignored(linked: Client) -> None:
    words = linked.words(
        neuron_setup(0, 3, 0),
        write(neuron_address(0, 3), 0) * 2,
        WAIT,
        read(neuron_address(0, 3, 0x800)),
    )
    assert words == [1]


def test_neurons_of_one_output_that_fire_together_are_sent_one_after_the_other(linked: Client) -> None:
    setup = [m for column in (0, 2, 4, 6) for m in neuron_setup(0, column, column)]
    quad_reset = 0x02C90000 + 256 * 64
    found = linked.responses(ut.MessageArray.from_messages([*setup, *write(quad_reset, 0), *WAIT], "to_fpga")).spikes
    assert found["label"].tolist() == [0, 2, 4, 6]
    assert int(found["chip_time"][-1] - found["chip_time"][0]) <= 2


# --- to the synapses --------------------------------------------------------------------------------------------------


@pytest.fixture
def probe() -> Probe:
    return Probe(signals=("padi", "fires"))


@pytest.fixture
def heard(probe: Probe) -> Client:
    client = Client(Twin(probe=probe))
    client.run(bring_up())
    return client


def arrivals(probe: Probe) -> list[tuple[int, int, int, int, int]]:
    """Cycle, hemisphere, bus, drivers and address of what reached the synapses."""
    return [tuple(row) for row in probe.rows("padi").tolist()]


def driver_setup(hemisphere: int, driver: int, mask: int = 31) -> list[ut.ToFPGA]:
    config = containers.SynapseDriverConfig(enable_receiver=True, row_address_compare_mask=mask)
    addresses = containers.SynapseDriverConfig.addresses_of(np.array([128 * hemisphere + driver]))[0].tolist()
    return [m for a, w in zip(addresses, config.encode().tolist(), strict=True) for m in write(a, w)]


def listen_to_crossbar(hemisphere: int, buses: int = 0xF) -> list[ut.ToFPGA]:
    return write(0x00118001 if hemisphere else 0x00110001, buses)


def test_worked_example_of_a_label_reaches_driver_84_of_the_bottom(heard: Client, probe: Probe) -> None:
    only = [m for output in range(8) for m in write(node(output, 8), DROP_ALL)]
    program = [
        *only,
        *write(node(4, 8), 0x2000 << 16 | 0x2000),
        *(m for driver in (0, 80, 84, 88) for m in driver_setup(1, driver)),
        *listen_to_crossbar(1),
        ut.Barrier(omnibus=1),
    ]
    heard.run(program, ut.SpikePack1ToFPGA((0x2D47,)), WAIT)
    ((_, hemisphere, bus, drivers, address),) = arrivals(probe)
    assert (hemisphere, bus, drivers, address) == (1, 0, 1 << 21, 7)


def test_events_reach_the_synapses_28_fpga_cycles_after_their_instruction(heard: Client, probe: Probe) -> None:
    heard.run(listen_to_crossbar(0), ut.Barrier(omnibus=1), ut.SpikePack1ToFPGA((1,)), ut.SpikePack1ToFPGA((2,)), WAIT)
    bus_0 = sorted(event[0] for event in arrivals(probe) if event[2] == 0)
    assert len(arrivals(probe)) == 8
    assert bus_0[1] - bus_0[0] == 2


def test_compare_mask_0_reaches_every_receiver_on_the_bus(heard: Client, probe: Probe) -> None:
    setup = [m for driver in (2, 6, 126) for m in driver_setup(0, driver, mask=0)]
    heard.run(setup, listen_to_crossbar(0, 0b0100), ut.Barrier(omnibus=1), ut.SpikePack1ToFPGA((5 << 6 | 9,)), WAIT)
    ((_, hemisphere, bus, drivers, address),) = arrivals(probe)
    assert (hemisphere, bus, drivers, address) == (0, 2, 1 << 0 | 1 << 1 | 1 << 31, 9)


def test_padi_event_fires_on_selected_buses_that_do_not_listen_to_the_crossbar(heard: Client, probe: Probe) -> None:
    event = containers.PADIEvent(fire_bus=np.array([True, True, False, True]), event_address=33, row_select_address=4)
    heard.run(listen_to_crossbar(1, 0b1000), driver_setup(1, 17), write(0x00118000, int(event.encode()[0])), WAIT)
    assert [(h, b, d, a) for _, h, b, d, a in arrivals(probe)] == [(1, 0, 0, 33), (1, 1, 1 << 4, 33)]


def test_a_bus_takes_an_event_in_two_cycles_and_holds_eight(heard: Client, probe: Probe) -> None:
    heard.run(listen_to_crossbar(0, 1), ut.Barrier(omnibus=1), [ut.SpikePack2ToFPGA((1, 2))] * 40, WAIT)
    cycles = np.array([event[0] for event in arrivals(probe)])
    assert np.all(np.diff(cycles) == 2)
    assert 40 <= len(cycles) < 60


def test_extended_timing_doubles_the_cycle_of_a_bus(heard: Client, probe: Probe) -> None:
    heard.run(listen_to_crossbar(0, 1 | 1 << 4), ut.Barrier(omnibus=1), [ut.SpikePack2ToFPGA((1, 2))] * 4, WAIT)
    assert np.all(np.diff([event[0] for event in arrivals(probe)]) == 4)


def test_a_fire_reaches_on_chip_synapses_after_10_cycles(heard: Client, probe: Probe) -> None:
    setup = [*listen_to_crossbar(0, 1), *neuron_setup(0, 3, 0x21), ut.Barrier(omnibus=1)]
    heard.run(setup, write(neuron_address(0, 3), 0), WAIT)
    ((fire, neuron),) = probe.rows("fires").tolist()
    ((cycle, hemisphere, bus, _, address),) = arrivals(probe)
    assert neuron == 3
    assert (cycle - fire, hemisphere, bus, address) == (10, 0, 0, 0x21)


@pytest.mark.parametrize("row", [0, 1])
def test_a_quad_trigger_makes_its_four_neurons_fire(heard: Client, probe: Probe, row: int) -> None:
    columns = (40, 42, 44, 46)
    quad = 0x02C94000 + 0x01000000 * row + 5
    heard.run([m for column in columns for m in neuron_setup(row, column, column)], write(quad, 0), WAIT)
    assert sorted(probe.rows("fires")["neuron"].tolist()) == [128 * row + column for column in columns]


def test_a_block_post_pulse_is_no_fire(heard: Client, probe: Probe) -> None:
    answers = heard.run(neuron_setup(0, 3, 0x21), write(0x00122400, 0), WAIT)
    assert spikes(answers) == []
    assert len(probe.rows("fires")) == 0


# --- spikes that come back --------------------------------------------------------------------------------------------


def test_serial_loop_back_sends_a_routed_spike_to_the_chip_again(linked: Client) -> None:
    routes = [*write(0x88020000 + 0x123, 0x42), *write(0x88030000 + 0x42, 0x456), *write(0x88038000, 1 | 0b111 << 16)]
    answers = linked.run(routes, ut.SpikePack1ToFPGA((0x123,)), ut.SpikePack1ToFPGA((0x124,)), WAIT)
    assert spikes(answers) == [0x123, 0x124, 0x456]


def test_serial_interface_without_loop_back_returns_nothing(linked: Client) -> None:
    routes = [*write(0x88020000 + 0x123, 0x42), *write(0x88030000 + 0x42, 0x456), *write(0x88038000, 1 | 0b011 << 16)]
    assert spikes(linked.run(routes, ut.SpikePack1ToFPGA((0x123,)), WAIT)) == [0x123]


def test_an_fpga_hears_its_own_inter_chip_labels(linked: Client) -> None:
    routes = [*write(0x880D0000 + 0x11, 1 << 15 | 7), *write(0x880C0000 + 7, 1 << 16 | 0x4022)]
    answers = linked.run(routes, ut.SpikePack1ToFPGA((0x11,)), ut.SpikePack1ToFPGA((0x12,)), WAIT)
    assert spikes(answers) == [0x11, 0x12, 0x4022]


def test_spikes_come_back_without_recording(linked: Client) -> None:
    routes = [*write(0x880D0000 + 0x11, 1 << 15 | 7), *write(0x880C0000 + 7, 1 << 16 | 0x4022)]
    off_for_a_while = [*write(0x88000005, 0), ut.SpikePack1ToFPGA((0x11,)), ut.TimerSetup(), ut.WaitUntil(80)]
    assert spikes(linked.run(routes, off_for_a_while, write(0x88000005, 1), WAIT)) == [0x4022]


# --- the stream back under load ---------------------------------------------------------------------------------------


def test_events_never_wait_longer_than_their_time_stamp_can_tell(linked: Client) -> None:
    reads = read(0x88000009) * 400
    sent = [ut.SpikePack2ToFPGA((2 * i, 2 * i + 1)) for i in range(30)]
    program = ut.MessageArray.from_messages([*reads, *sent, *reads, *reads, *WAIT], "to_fpga")
    found = linked.responses(program)
    ages = found.spikes["fpga_time"].astype(np.int64) - found.spikes["chip_time"].astype(np.int64)
    assert sorted(found.spikes["label"].tolist()) == list(range(60))
    assert ages.max() >= 112
    assert len(found.omnibus) == 1200
    chip_times = np.sort(found.spikes["chip_time"].astype(np.int64))
    assert chip_times[-1] - chip_times[0] == 29


def test_a_second_synchronisation_may_set_time_back(linked: Client) -> None:
    ((first, _),) = stamped(linked.run(ut.Loopback(ut.TICK)))
    answers = linked.run(ut.SystimeInit(1), ut.Barrier(systime=1), ut.Loopback(ut.TICK))
    ((second, _),) = stamped(answers)
    assert second == 1 < first


def test_two_events_in_a_cycle_stay_in_order(linked: Client) -> None:
    labels = [(i * 0x4000 + i) & 0xFFFF for i in range(60)]
    sent = [ut.SpikePack2ToFPGA(pair) for pair in zip(labels[::2], labels[1::2], strict=True)]
    assert spikes(linked.run(sent, WAIT)) == labels
