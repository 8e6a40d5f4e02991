"""No number left: done with. A leg that rises from a failed placing is hung up. One station at a time."""

from __future__ import annotations

import pytest

from hookline.db.models import ContactNumber, Station
from hookline.domain.campaigns import RecordState
from hookline.errors import Conflict
from hookline.ports.telephony import LegAnswered
from hookline.testing.centre import Centre

ONE, TWO = "+48221234567", "+48221234568"


def test_a_contact_whose_numbers_all_proved_wrong_is_done(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE, TWO], agents=[anna])
    with centre.runtime.db.write() as unit:
        unit.session.query(ContactNumber).filter_by(e164=ONE).one().state = "wrong"
    centre.start_work(anna)
    assert centre.record(campaign, ONE).state == RecordState.DONE
    assert centre.session(anna).campaign_contact_id == centre.record(campaign, TWO).id


def test_a_leg_that_answers_after_its_call_ended_is_hung_up(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.runtime.calls.hang_up(centre.actor(anna))
    centre.advance(3)
    call = centre.calls()[0]
    asked = len(centre.network.asked("hang_up"))
    centre.runtime.engine.sink(
        LegAnswered(conversation_id=call.conversation_id, leg_id=call.customer_leg_id, at=centre.clock.now())
    )
    centre.settle()
    assert len(centre.network.asked("hang_up")) == asked + 1
    assert centre.calls()[0].state == "ended"


def test_a_second_station_is_not_taken_while_the_first_is_connected(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    with centre.runtime.db.write() as unit:
        unit.session.add(Station(name="spare", address="sip:spare@simulated.invalid"))
    centre.start_work(anna)
    centre.runtime.agents.pause(centre.actor(anna), "break")
    spare = next(s for s in centre.runtime.agents.stations_for(centre.actor(anna)) if s.name == "spare")
    with pytest.raises(Conflict, match="still connected"):
        centre.runtime.agents.start_work(centre.actor(anna), spare.id)
    assert centre.session(anna).station_state == "connected"
