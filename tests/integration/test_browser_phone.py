"""The browser as an agent's phone, seen from the services: whose leg, which page, away and back."""

from __future__ import annotations

import pytest

from hookline.domain.agents import AgentState
from hookline.errors import Conflict
from hookline.ports.telephony import Capability, NoSuchLeg
from hookline.services.phone import PhoneElsewhere
from hookline.testing.behaviour import Behaviour
from hookline.testing.centre import Centre

TALK_SECONDS = 8.0
ONE, TWO = "+48221234567", "+48221234568"
PAGE, OTHER_PAGE = "page-one", "page-two"
OFFER = {"type": "offer", "sdp": "v=0"}


@pytest.fixture
def anna(centre: Centre) -> int:
    """An agent who has chosen her browser and not yet spoken."""
    centre.network.browser_module = "/p/simulated/phone.js"  # type: ignore[misc]
    user = centre.agent("anna")
    centre.campaign([ONE, TWO], agents=[user])
    centre.runtime.agents.start_work(centre.actor(user), None)
    return user


def _leg(centre: Centre, user: int) -> str:
    phone = centre.runtime.phone.phone_of(centre.session(user))
    assert phone is not None
    return phone.leg_id


def _speak(centre: Centre, user: int, page: str = PAGE, *, take: bool = False) -> None:
    centre.runtime.phone.hear(centre.actor(user), _leg(centre, user), page, OFFER, take=take)
    centre.advance(1)


def test_an_agent_works_in_the_browser_without_any_set_up(centre: Centre, anna: int) -> None:
    assert centre.session(anna).station_state == "connecting"
    _speak(centre, anna)
    assert centre.session(anna).station_state == "connected"
    assert centre.session(anna).state == AgentState.RESERVED


def test_a_leg_is_heard_only_from_the_person_whose_it_is(centre: Centre, anna: int) -> None:
    bob = centre.agent("bob")
    with pytest.raises(NoSuchLeg):
        centre.runtime.phone.hear(centre.actor(bob), _leg(centre, anna), PAGE, OFFER)
    assert centre.session(anna).station_state == "connecting"


def test_of_two_pages_the_one_opened_last_is_the_phone(centre: Centre, anna: int) -> None:
    _speak(centre, anna, take=True)
    with pytest.raises(PhoneElsewhere):
        _speak(centre, anna, OTHER_PAGE)
    _speak(centre, anna, OTHER_PAGE, take=True)
    with pytest.raises(PhoneElsewhere):
        _speak(centre, anna)


def test_who_is_away_for_a_moment_stays_in_the_call(centre: Centre, anna: int) -> None:
    _speak(centre, anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)
    centre.network.lose_browser(_leg(centre, anna))
    centre.advance(3)
    assert centre.session(anna).station_state == "lost"
    assert centre.session(anna).state == AgentState.ON_CALL
    _speak(centre, anna, OTHER_PAGE, take=True)
    assert centre.session(anna).station_state == "connected"
    assert centre.calls()[0].state == "connected"


def test_a_customer_who_hangs_up_meanwhile_leaves_the_call_to_be_disposed(centre: Centre, anna: int) -> None:
    centre.network.behaves(ONE, Behaviour(hangs_up_after_seconds=TALK_SECONDS))
    _speak(centre, anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)
    centre.network.lose_browser(_leg(centre, anna))
    centre.advance(3)
    assert centre.session(anna).state == AgentState.ON_CALL
    centre.advance(TALK_SECONDS)
    assert centre.session(anna).state == AgentState.WRAP_UP
    centre.runtime.work.dispose(centre.actor(anna), "SUCCESS", "")
    centre.advance(1)
    assert centre.session(anna).state == AgentState.READY  # but nobody is presented to who cannot talk
    _speak(centre, anna)
    assert centre.session(anna).state == AgentState.RESERVED


def test_who_stays_away_loses_his_place(centre: Centre, anna: int) -> None:
    _speak(centre, anna)
    centre.network.lose_browser(_leg(centre, anna))
    centre.advance(60)
    session = centre.session(anna)
    assert (session.station_state, session.station_note, session.state) == ("gone", "lost", AgentState.PAUSED)
    assert centre.runtime.phone.phone_of(session) is None
    centre.runtime.agents.start_work(centre.actor(anna), None)
    _speak(centre, anna)
    assert centre.session(anna).state == AgentState.RESERVED


def test_telephony_without_browsers_says_so(centre: Centre) -> None:
    bob = centre.agent("bob")
    centre.campaign([ONE], agents=[bob])
    centre.network._capabilities = frozenset(Capability) - {Capability.BROWSER_STATION}
    with pytest.raises(Conflict):
        centre.runtime.agents.start_work(centre.actor(bob), None)
