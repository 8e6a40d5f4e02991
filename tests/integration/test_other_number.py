"""Where a retry rule says so, the next try goes to the contact's next number, also where the agent dials."""

from __future__ import annotations

from hookline.db.models import ContactNumber
from hookline.ports.telephony import HangupCause
from hookline.testing.behaviour import Behaviour
from hookline.testing.centre import Centre

FIRST, SECOND = "+48221234567", "+48221234568"


def test_after_busy_the_agent_dials_the_other_number(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.network.behaves(FIRST, Behaviour(cause=HangupCause.BUSY))
    rule = {"delay_seconds": 60, "max_attempts": 3, "other_number": True}
    campaign = centre.campaign([FIRST], agents=[anna], retry_rules={"busy": rule})
    contact = centre.record(campaign, FIRST).contact_id
    with centre.runtime.db.write() as unit:
        unit.session.add(ContactNumber(contact_id=contact, client_id=centre.client_id, e164=SECOND, position=1))
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)
    centre.clock.advance(60)
    centre.runtime.agents.heartbeat(anna)
    assert centre.runtime.presenter.present(anna)
    centre.runtime.work.dial(centre.actor(anna))
    assert [call.number for call in centre.calls()] == [FIRST, SECOND]
