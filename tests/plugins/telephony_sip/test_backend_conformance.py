"""The SIP backend passes the conformance kit, on real SIP and RTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hookline.testing.telephony_conformance import SCENARIOS, Scenario
from tests.plugins.telephony_sip.sip_rig import SipRig


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SipRig]:
    rig = SipRig(tmp_path_factory.mktemp("recordings"))
    yield rig
    rig.close()


@pytest.mark.serial
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"sip-{scenario.name}")
def test_telephony_conformance_sip(scenario: Scenario, rig: SipRig) -> None:
    scenario.run(rig)
