"""Fixtures for pytest; the one module of `hookline.testing` that imports it.

Name it in a conftest.py: `pytest_plugins = ["hookline.testing.pytest_plugin"]`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hookline.ports.telephony import LegEvent
from hookline.testing.clock import VirtualClock
from hookline.testing.simulated import SimulatedBackend


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """A clock that stands at `hookline.testing.clock.START` until the test advances it."""
    return VirtualClock()


@pytest.fixture
def leg_events() -> list[LegEvent]:
    """Every event of `simulated_backend`, in order."""
    return []


@pytest.fixture
def simulated_backend(virtual_clock: VirtualClock, leg_events: list[LegEvent]) -> Iterator[SimulatedBackend]:
    """A running simulated backend on `virtual_clock`; `leg_events` collects what it tells."""
    backend = SimulatedBackend(virtual_clock)
    backend.start(leg_events.append)
    yield backend
    backend.stop()
