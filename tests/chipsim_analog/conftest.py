"""Fixtures of the tests of the analog core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chipsim_analog.experiment import make_events, make_experiment

if TYPE_CHECKING:
    from tests.chipsim_analog.experiment import Make, Stimulus


@pytest.fixture
def experiment() -> Make:
    """Makes an experiment, see `make_experiment`."""
    return make_experiment


@pytest.fixture
def events() -> Stimulus:
    """Makes row events, see `make_events`."""
    return make_events
