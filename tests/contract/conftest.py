"""The rigs on which the conformance kit is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookline.testing.clock import VirtualClock
from hookline.testing.simulated import SimulatedBackend
from hookline.testing.simulated_rig import SimulatedRig


@pytest.fixture
def simulated_rig(tmp_path: Path) -> SimulatedRig:
    return SimulatedRig(SimulatedBackend(VirtualClock()), tmp_path)
