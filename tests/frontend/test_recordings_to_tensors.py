"""Between events and samples of the chip and tensors on the grid of the model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch import dense_spikes_to_list, extract_n_spikes
from hxtwin.frontend.torch.recording import (
    Samples,
    SpikeEvents,
    events_to_spikes,
    samples_to_trace,
    spikes_to_events,
    to_model_units,
)


def events(*rows: tuple[int, int, float]) -> SpikeEvents:
    batch, neuron, time = zip(*rows, strict=True)
    return SpikeEvents(np.array(batch), np.array(neuron), np.array(time, np.float64))


@settings(derandomize=True, max_examples=50, deadline=None)
@given(
    st.integers(1, 30),
    st.integers(1, 4),
    st.integers(1, 5),
    st.sampled_from([0.5e-6, 1e-6, 2e-6]),
    st.integers(0, 1000),
)
def test_spikes_survive_the_way_to_events_and_back(steps: int, batch: int, size: int, dt: float, seed: int) -> None:
    spikes = (torch.rand(steps, batch, size, generator=torch.Generator().manual_seed(seed)) < 0.4).float()
    back = events_to_spikes(spikes_to_events(spikes, dt), steps, dt, batch, size)
    assert back.shape == (steps + 1, batch, size)
    assert torch.equal(back[:steps], spikes)
    assert not back[steps].any()


def test_event_falls_into_the_nearest_bin() -> None:
    found = events_to_spikes(events((0, 0, 1.49e-6), (0, 1, 1.51e-6)), 3, 1e-6, 1, 2)
    assert torch.nonzero(found).tolist() == [[1, 0, 0], [2, 0, 1]]


def test_several_spikes_of_a_bin_count_as_one_and_late_ones_drop() -> None:
    found = events_to_spikes(events((1, 0, 2e-6), (1, 0, 2.2e-6), (1, 0, 3.4e-6), (1, 0, 9e-6)), 3, 1e-6, 2, 1)
    assert found.sum() == 2
    assert torch.nonzero(found).tolist() == [[2, 1, 0], [3, 1, 0]]


def samples(time: list[float], value: list[float]) -> Samples:
    return Samples(np.array(time).reshape(1, -1, 1) * 1e-6, np.array(value, np.float32).reshape(1, -1, 1))


def test_trace_is_linear_between_samples_and_constant_outside() -> None:
    trace = samples_to_trace(samples([1.5, 3.5], [10.0, 30.0]), 5, 1e-6)
    assert trace.flatten().tolist() == pytest.approx([10.0, 10.0, 15.0, 25.0, 30.0, 30.0])


def test_nearest_sample_is_taken_if_wanted() -> None:
    trace = samples_to_trace(samples([1.4, 3.4], [10.0, 30.0]), 5, 1e-6, "nearest neighbour")
    assert trace.flatten().tolist() == [10.0, 10.0, 10.0, 30.0, 30.0, 30.0]


def test_raw_samples_keep_their_times() -> None:
    raw = samples_to_trace(samples([1.5, 3.5], [10.0, 30.0]), 5, 1e-6, "raw")
    assert raw.shape == (2, 2, 1, 1)
    assert raw[1].flatten().tolist() == [10.0, 30.0]
    assert raw[0].flatten().tolist() == pytest.approx([1.5e-6, 3.5e-6])


def test_single_sample_gives_a_constant() -> None:
    assert samples_to_trace(samples([2.0], [7.0]), 3, 1e-6).flatten().tolist() == [7.0] * 4


def test_no_sample_is_refused() -> None:
    with pytest.raises(ModelError, match="no sample"):
        samples_to_trace(samples([], []), 3, 1e-6)


def test_every_neuron_and_entry_has_its_own_times() -> None:
    time = np.array([[[0.0, 1.0], [2.0, 3.0]], [[0.0, 0.0], [4.0, 4.0]]]) * 1e-6
    value = np.array([[[0.0, 0.0], [2.0, 2.0]], [[0.0, 4.0], [4.0, 0.0]]], np.float32)
    trace = samples_to_trace(Samples(time, value), 4, 1e-6)
    assert trace[:, 0, 0].tolist() == pytest.approx([0.0, 1.0, 2.0, 2.0, 2.0])
    assert trace[:, 0, 1].tolist() == pytest.approx([0.0, 0.0, 1.0, 2.0, 2.0])
    assert trace[:, 1, 0].tolist() == pytest.approx([0.0, 1.0, 2.0, 3.0, 4.0])
    assert trace[:, 1, 1].tolist() == pytest.approx([4.0, 3.0, 2.0, 1.0, 0.0])


def test_trace_is_shifted_then_offset_then_scaled() -> None:
    trace = torch.tensor([80.0, 90.0, 100.0, 120.0]).view(4, 1, 1)
    assert to_model_units(trace, 1, False, 80.0, 0.1).flatten().tolist() == pytest.approx([1.0, 2.0, 4.0, 4.0])
    assert to_model_units(trace, 1, True, 80.0, 0.1).flatten().tolist() == pytest.approx([0.0, 1.0, 3.0, 3.0])
    assert to_model_units(trace, -1).flatten().tolist() == [80.0, 80.0, 90.0, 100.0]


def test_offset_and_scale_may_differ_between_neurons() -> None:
    trace = torch.tensor([[80.0, 90.0]]).view(1, 1, 2)
    found = to_model_units(trace, offset=torch.tensor([70.0, 80.0]), scale=torch.tensor([1.0, 0.5]))
    assert found.flatten().tolist() == [10.0, 5.0]


def test_first_spikes_are_kept_by_time_not_by_neuron() -> None:
    found = events((0, 9, 1e-6), (0, 1, 3e-6), (0, 2, 2e-6), (1, 4, 5e-6), (1, 5, 99e-6))
    index, time = extract_n_spikes(found, 3, 2, 50e-6)
    assert index.tolist() == [[9, 2], [4, -1], [-1, -1]]
    assert time[0].tolist() == pytest.approx([1e-6, 2e-6])
    assert np.isinf(time[1, 1])


def test_spikes_become_lists_by_entry_and_neuron() -> None:
    index = torch.tensor([[0, 1, 0], [1, -1, -1]])
    time = torch.tensor([[1.0, 2.0, 3.0], [4.0, torch.inf, torch.inf]])
    assert dense_spikes_to_list((index, time), 2) == [[[1.0, 3.0], [2.0]], [[], [4.0]]]
