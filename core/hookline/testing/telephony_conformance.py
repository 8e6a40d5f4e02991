"""The telephony conformance kit: one suite that runs unchanged against every telephony backend.

A backend conforms when it passes every scenario. Yours does it like this, in a test file of yours:

    import pytest
    from hookline.testing.telephony_conformance import SCENARIOS, Scenario

    @pytest.fixture(scope="module")
    def rig(tmp_path_factory):
        rig = MyRig(tmp_path_factory.mktemp("recordings"))     # implements telephony_rig.Rig
        yield rig
        rig.close()

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"mine-{scenario.name}")
    def test_telephony_conformance(scenario: Scenario, rig: MyRig) -> None:
        scenario.run(rig)

The rig (`hookline.testing.telephony_rig`) holds the started backend and plays the far side of its calls;
`simulated_rig.SimulatedRig` is a whole one of 100 lines, `telephony_rig.RealTimeRig` the half that all backends on
real time share. pytest is not needed: `for scenario in SCENARIOS: scenario.run(rig)` does as well.

Nothing is skipped. A scenario names the capabilities it needs; where the backend does not declare one, the kit checks
that its commands raise a TelephonyError that is not retryable. At the end of each scenario every leg is hung up and
the rules that hold for any leg are checked: the order of its events, LegEnded exactly once and last.
docs/how-to/write-a-telephony-backend.md tells the whole story.
"""

from __future__ import annotations

from hookline.testing.telephony_play import ScenarioFailed
from hookline.testing.telephony_rig import FarSide, RealTimeRig, Rig
from hookline.testing.telephony_scenario import Scenario
from hookline.testing.telephony_scenarios import (
    answers,
    calls,
    inbound,
    media,
    moves,
    recording,
    rooms,
    sounds,
    stations,
    supervision,
)

__all__ = ["SCENARIOS", "FarSide", "RealTimeRig", "Rig", "Scenario", "ScenarioFailed"]

SCENARIOS: list[Scenario] = [
    *calls.SCENARIOS,
    *media.SCENARIOS,
    *recording.SCENARIOS,
    *rooms.SCENARIOS,
    *moves.SCENARIOS,
    *supervision.SCENARIOS,
    *sounds.SCENARIOS,
    *inbound.SCENARIOS,
    *answers.SCENARIOS,
    *stations.SCENARIOS,
]
"""Every scenario; names are unique and stay."""
