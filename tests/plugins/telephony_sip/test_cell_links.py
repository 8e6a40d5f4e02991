"""Who hears whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hookline.ports.telephony import LegKind, SupervisionMode
from hookline_telephony_sip.cell.links import COMFORT, RINGBACK, SILENCE, Link, Playing, Recorded, Scene, wanted_links

BRIDGE = [frozenset({"agent", "customer"})]
TAPE = [Recorded("tape", "customer")]
TAPE_RUNS = {(SILENCE, "left:tape"), (SILENCE, "right:tape")}
MODES = SupervisionMode


@dataclass
class Voice:
    kind: LegKind = LegKind.CUSTOMER
    talking: bool = True
    held: bool = False
    muted: bool = False
    early: bool = False
    ringing: bool = False
    conversation: str = "room"
    mode: SupervisionMode = MODES.OFF


def agent(**state: Any) -> Voice:
    return Voice(LegKind.AGENT, **state)


def links(one: Voice, customer: Voice, bridges: list[frozenset[str]] = BRIDGE, **scene: Any) -> set[Link]:
    legs = {"agent": one, "customer": customer, **scene.pop("others", {})}
    return wanted_links(Scene(legs=legs, bridges=bridges, recordings=TAPE, **scene))


def test_bridged_legs_hear_each_other_and_are_recorded_apart() -> None:
    assert links(agent(), Voice()) == {
        ("leg:agent", "leg:customer"),
        ("leg:customer", "leg:agent"),
        ("leg:agent", "right:tape"),
        ("leg:customer", "left:tape"),
        *TAPE_RUNS,
    }


def test_a_held_customer_hears_comfort_and_neither_side_is_recorded() -> None:
    assert links(agent(), Voice(held=True)) == {(COMFORT, "leg:customer"), *TAPE_RUNS}


def test_a_muted_agent_hears_but_is_neither_heard_nor_recorded() -> None:
    heard = {("leg:customer", "leg:agent"), ("leg:customer", "left:tape")}
    assert links(agent(muted=True), Voice()) == {*heard, *TAPE_RUNS}


def test_before_the_bridge_the_customer_alone_is_recorded() -> None:
    assert links(agent(), Voice(), []) == {("leg:customer", "left:tape"), *TAPE_RUNS}


def test_a_bridge_to_a_leg_that_has_gone_links_nothing() -> None:
    assert wanted_links(Scene(legs={"agent": agent()}, bridges=BRIDGE)) == set()


def test_before_the_answer_sound_comes_one_way_and_a_ring_tone_stands_in_for_it() -> None:
    early = links(agent(), Voice(talking=False, early=True))
    assert early == {("leg:customer", "leg:agent"), *TAPE_RUNS}
    assert links(agent(), Voice(talking=False, ringing=True)) == {(RINGBACK, "leg:agent"), *TAPE_RUNS}


def test_who_is_played_to_hears_nothing_else_and_aloud_reaches_the_partner() -> None:
    quiet = links(agent(), Voice(), plays=[Playing("tune", "customer")])
    assert {link for link in quiet if link[1] == "leg:customer"} == {("play:tune", "leg:customer")}
    assert ("play:tune", "right:tape") in quiet
    assert ("play:tune", "leg:agent") not in quiet
    assert ("play:tune", "leg:agent") in links(agent(), Voice(), plays=[Playing("tune", "customer", aloud=True)])


def test_a_supervisor_is_heard_as_the_mode_says_and_a_whisper_is_not_recorded() -> None:
    said = {}
    for mode in MODES:
        boss = Voice(LegKind.SUPERVISOR, mode=mode)
        made = links(agent(), Voice(), others={"boss": boss})
        said[mode] = {sink for source, sink in made if source == "leg:boss"}
        assert ({("leg:agent", "leg:boss"), ("leg:customer", "leg:boss")} <= made) is (mode is not MODES.OFF)
    assert said[MODES.OFF] == said[MODES.LISTEN] == set()
    assert said[MODES.WHISPER] == {"leg:agent"}
    assert said[MODES.BARGE] == {"leg:agent", "leg:customer", "right:tape"}


def test_a_supervisor_hears_no_other_conversation_of_the_cell() -> None:
    boss = Voice(LegKind.SUPERVISOR, mode=MODES.BARGE, conversation="other")
    assert not [link for link in links(agent(), Voice(), others={"boss": boss}) if "leg:boss" in link]


voices = st.builds(
    Voice,
    kind=st.sampled_from(LegKind),
    talking=st.booleans(),
    held=st.booleans(),
    muted=st.booleans(),
    mode=st.sampled_from(SupervisionMode),
)


@given(
    st.dictionaries(st.sampled_from("abcd"), voices),
    st.sets(st.frozensets(st.sampled_from("abcd"), min_size=2, max_size=2)),
)
def test_nobody_hears_who_is_held_muted_or_silent_and_no_customer_a_whisper(
    legs: dict[str, Voice], bridges: set[frozenset[str]]
) -> None:
    for source, sink in wanted_links(Scene(legs=legs, bridges=bridges, recordings=[Recorded("tape", "a")])):
        kind, _, name = source.partition(":")
        if kind == "leg":
            voice = legs[name]
            assert voice.talking
            assert not voice.held
            assert not voice.muted
            listener = legs.get(sink.partition(":")[2])
            bridged = frozenset((name, sink.partition(":")[2])) in bridges
            if voice.kind is LegKind.SUPERVISOR and voice.mode is MODES.WHISPER and not bridged and listener:
                assert listener.kind is LegKind.AGENT
        assert source != sink
