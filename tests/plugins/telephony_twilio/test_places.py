"""Who is in the conference and who aside: nobody ever hears one to whom he is not bridged."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from hookline.ports.telephony import LegKind, SupervisionMode
from hookline_telephony_twilio.accounts import Account
from hookline_telephony_twilio.places import places
from hookline_telephony_twilio.table import LegEntry, PlayEntry, RoomEntry

ACCOUNT = Account(account_sid="AC", api_key_sid="SK", api_key_secret="", auth_token="")
KINDS = {"a": LegKind.AGENT, "c": LegKind.CUSTOMER, "t": LegKind.CONSULT, "s": LegKind.SUPERVISOR}


def room(legs: str, *bridges: str, mode: SupervisionMode = SupervisionMode.OFF) -> RoomEntry:
    made = RoomEntry("room", bridges=[frozenset(pair) for pair in bridges])
    for name in legs:
        made.legs[name] = LegEntry(name, "room", KINDS[name], ACCOUNT, answered_at=datetime.now(UTC), mode=mode)
    return made


def together(where: RoomEntry) -> set[str]:
    return {leg for leg, place in places(where).items() if place.conference}


def test_two_who_are_bridged_meet_and_a_third_waits_until_he_is_bridged_with_both() -> None:
    assert together(room("ac")) == set()
    assert together(room("act", "ac")) == {"a", "c"}
    assert together(room("act", "ac", "at")) == {"a", "c"}
    assert together(room("act", "ac", "at", "ct")) == {"a", "c", "t"}


def test_nobody_is_with_somebody_he_is_not_bridged_with_whatever_the_bridges() -> None:
    pairs = ["ac", "at", "ct"]
    for count in range(4):
        for bridges in itertools.permutations(pairs, count):
            there = together(room("act", *bridges))
            assert all(frozenset(pair) in {frozenset(b) for b in bridges} for pair in itertools.combinations(there, 2))


def test_a_held_leg_is_aside_and_makes_room_for_a_consultation() -> None:
    held = room("act", "ac", "at")
    held.legs["c"].held = True
    assert together(held) == {"a", "t"}


def test_a_sound_is_heard_aside_and_one_played_aloud_by_both() -> None:
    talk = room("ac", "ac")
    talk.legs["c"].plays = [PlayEntry("p", "c", "token", loop=False, aloud=False)]
    assert places(talk)["c"].play == "p"
    assert places(talk)["a"].play == ""
    talk.legs["c"].plays = [PlayEntry("q", "c", "token", loop=False, aloud=True, heard_by=set())]
    assert places(talk)["a"].play == "q"
    talk.legs["c"].plays[0].heard_by.add("a")
    assert places(talk)["a"].play == "", "whoever has heard it does not hear it again"


def test_a_supervisor_hears_muted_whispers_to_the_agent_alone_or_speaks_to_all() -> None:
    def supervisor(mode: SupervisionMode) -> tuple[bool, bool, str]:
        talk = room("ac", "ac")
        talk.legs["s"] = LegEntry("s", "room", KINDS["s"], ACCOUNT, answered_at=datetime.now(UTC), mode=mode)
        place = places(talk)["s"]
        return bool(place.conference), place.muted, place.coaches

    assert supervisor(SupervisionMode.OFF) == (False, False, "")
    assert supervisor(SupervisionMode.LISTEN) == (True, True, "")
    assert supervisor(SupervisionMode.WHISPER) == (True, False, "a")
    assert supervisor(SupervisionMode.BARGE) == (True, False, "")


def test_only_a_transferred_pair_ends_its_conference_when_one_goes() -> None:
    talk = room("ac", "ac")
    assert not any(place.ends_it for place in places(talk).values())
    talk.legs["a"].tied_to, talk.legs["c"].tied_to = "c", "a"
    assert all(place.ends_it for place in places(talk).values())
