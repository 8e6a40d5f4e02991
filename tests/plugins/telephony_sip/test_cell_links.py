"""Who hears whom."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from hookline_telephony_sip.cell.links import COMFORT, SILENCE, Recorded, wanted_links

BRIDGE = [frozenset({"agent", "customer"})]
TAPE = [Recorded("tape", "customer")]


@dataclass
class Voice:
    talking: bool = True
    held: bool = False
    muted: bool = False


def links(agent: Voice, customer: Voice) -> set[tuple[str, str]]:
    return wanted_links({"agent": agent, "customer": customer}, BRIDGE, TAPE)


def test_bridged_legs_hear_each_other_and_are_recorded() -> None:
    assert links(Voice(), Voice()) == {
        ("leg:agent", "leg:customer"),
        ("leg:customer", "leg:agent"),
        ("leg:agent", "rec:tape"),
        ("leg:customer", "rec:tape"),
        (SILENCE, "rec:tape"),
    }


def test_a_held_customer_hears_comfort_and_neither_side_is_recorded() -> None:
    assert links(Voice(), Voice(held=True)) == {(COMFORT, "leg:customer"), (SILENCE, "rec:tape")}


def test_a_muted_agent_hears_but_is_neither_heard_nor_recorded() -> None:
    assert links(Voice(muted=True), Voice()) == {
        ("leg:customer", "leg:agent"),
        ("leg:customer", "rec:tape"),
        (SILENCE, "rec:tape"),
    }


def test_before_the_bridge_the_customer_alone_is_recorded() -> None:
    assert wanted_links({"agent": Voice(), "customer": Voice()}, [], TAPE) == {
        ("leg:customer", "rec:tape"),
        (SILENCE, "rec:tape"),
    }


def test_a_bridge_to_a_leg_that_has_gone_links_nothing() -> None:
    assert wanted_links({"agent": Voice()}, BRIDGE, []) == set()


voices = st.builds(Voice, talking=st.booleans(), held=st.booleans(), muted=st.booleans())


@given(st.dictionaries(st.sampled_from("abcd"), voices), st.sets(st.frozensets(st.sampled_from("abcd"), min_size=2)))
def test_nobody_hears_who_is_held_muted_or_silent(legs: dict[str, Voice], bridges: set[frozenset[str]]) -> None:
    pairs = [pair for pair in bridges if len(pair) == 2]
    for source, sink in wanted_links(legs, pairs, [Recorded("tape", "a")]):
        kind, _, name = source.partition(":")
        if kind == "leg":
            assert legs[name].talking
            assert not legs[name].held
            assert not legs[name].muted
        assert source != sink
