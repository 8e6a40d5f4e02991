"""The failure policy of each kind of hook, asked of plugins that misbehave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from hookline.contributions import NavigationItem, Panel, Permission, Policy, WebPart
from hookline.domain.access import Role
from hookline.domain.campaigns import Category, Purpose
from hookline.domain.dialling import DialRequest, Refusal
from hookline.domain.results import DisposedCall
from hookline.hookspecs import hookimpl
from hookline.plugin_host import asking
from hookline.plugin_host.host import NameClash, PluginHost, PluginState

REQUEST = DialRequest(
    attempt_id=1,
    client_id=1,
    campaign_id=1,
    campaign_contact_id=1,
    contact_id=1,
    number="+48123456789",
    purpose=Purpose.SERVICE,
    time_zone="Europe/Warsaw",
    agent_id=1,
    mode="preview",
    at=datetime(2025, 3, 3, 12, tzinfo=UTC),
)
CALL = DisposedCall(1, 1, 1, 1, "+48123456789", 1, "SUCCESS", Category.SUCCESS, REQUEST.at)


@pytest.fixture
def host() -> Iterator[PluginHost]:
    made = PluginHost()
    yield made
    made.close()


def _plugin(**answers: Callable[..., Any]) -> object:
    """A plugin whose hooks answer by the functions given, each called without arguments."""

    def implementation(name: str, answer: Callable[..., Any]) -> Any:
        # pluggy reads parameters from the signature, so each hook needs its own.
        if name == "hookline_dial_refusals":
            return hookimpl(lambda self, request: answer())
        if name == "hookline_call_disposed":
            return hookimpl(lambda self, call: answer())
        if name == "hookline_select_caller_id":
            return hookimpl(lambda self, request: answer())
        return hookimpl(lambda self: answer())

    return type("Hooks", (), {name: implementation(name, answer) for name, answer in answers.items()})()


def _raises() -> Any:
    raise RuntimeError("broken inside")


def _policy(name: str) -> Policy:
    return Policy(name, name, "")


# Contribute

AN_ACT = Permission("good.act", "", frozenset({Role.AGENT}))
CONTRIBUTIONS: list[tuple[str, Callable[[PluginHost], Any], Any]] = [
    ("hookline_register_policies", lambda h: list(h.policies().values()), _policy("good.rule")),
    (
        "hookline_register_permissions",
        lambda h: list(h.permissions().values()),
        Permission("good.act", "", frozenset({Role.AGENT})),
    ),
    ("hookline_register_web_parts", lambda h: [o.value for o in h.web_parts()], WebPart("blueprint")),
    ("hookline_register_navigation", lambda h: [o.value for o in h.navigation()], NavigationItem("t", "e", "p")),
    ("hookline_register_panels", lambda h: [o.value for o in h.panels()], Panel("contact.tabs", "t", "p", str)),
]


@pytest.mark.parametrize(("hook", "ask", "value"), CONTRIBUTIONS, ids=[c[0] for c in CONTRIBUTIONS])
def test_a_contribution_that_raises_fails_its_plugin_and_keeps_the_others(
    host: PluginHost, hook: str, ask: Callable[[PluginHost], Any], value: Any
) -> None:
    host.register("bad", _plugin(**{hook: _raises}))
    host.register("good", _plugin(**{hook: lambda: [value]}))
    host.register("silent", _plugin(**{hook: lambda: None}))
    assert ask(host) == [value]
    assert host.statuses["bad"].state is PluginState.FAILED
    assert host.statuses["bad"].note == f"It raised in {hook}: broken inside"
    assert host.statuses["good"].state is PluginState.ACTIVE
    assert host.statuses["silent"].state is PluginState.ACTIVE


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name


@pytest.mark.parametrize(
    ("hook", "ask"),
    [
        ("hookline_register_telephony_backends", PluginHost.backends),
        ("hookline_register_script_engines", PluginHost.script_engines),
        ("hookline_register_policies", PluginHost.policies),
        ("hookline_register_permissions", PluginHost.permissions),
    ],
)
def test_two_things_of_one_name_stop_the_start_and_name_both(
    host: PluginHost, hook: str, ask: Callable[[PluginHost], Any]
) -> None:
    host.register("first", _plugin(**{hook: lambda: [_Named("same")]}))
    host.register("second", _plugin(**{hook: lambda: [_Named("same")]}))
    with pytest.raises(NameClash, match=r"first and second both register .* same"):
        ask(host)


def test_backends_and_engines_are_gathered_once(host: PluginHost) -> None:
    made: list[_Named] = []

    def make() -> list[_Named]:
        made.append(_Named("only"))
        return made[-1:]

    host.register("phone", _plugin(hookline_register_telephony_backends=make, hookline_register_script_engines=make))
    assert host.backends()["only"] is host.backends()["only"]
    assert host.script_engines()["only"] is host.script_engines()["only"]
    assert len(made) == 2


def test_a_contribution_without_a_name_fails_its_plugin(host: PluginHost) -> None:
    host.register("odd", _plugin(hookline_register_policies=lambda: ["just text"]))
    host.register("good", _plugin(hookline_register_policies=lambda: [_policy("good.rule")]))
    assert list(host.policies()) == ["good.rule"]
    assert host.statuses["odd"].state is PluginState.FAILED


def test_a_failed_plugins_policies_are_no_longer_in_force(host: PluginHost) -> None:
    host.register(
        "rules", _plugin(hookline_register_policies=lambda: [_policy("rules.one")], hookline_register_panels=_raises)
    )
    assert "rules.one" in host.policies()
    host.panels()
    assert host.policies() == {}


# Policy

NO = Refusal("no.never", "Never.")
LATER = Refusal("later.today", "Not today.")


def _asked(host: PluginHost) -> dict[str, tuple[Refusal, ...]]:
    return {answer.plugin: answer.refusals for answer in host.dial_refusals(REQUEST)}


def test_every_policys_answer_is_kept(host: PluginHost) -> None:
    host.register("no", _plugin(hookline_dial_refusals=lambda: [NO]))
    host.register("later", _plugin(hookline_dial_refusals=lambda: [LATER, NO]))
    host.register("yes", _plugin(hookline_dial_refusals=list))
    host.register("quiet", _plugin(hookline_dial_refusals=lambda: None))
    assert _asked(host) == {"no": (NO,), "later": (LATER, NO), "yes": (), "quiet": ()}


@pytest.mark.parametrize("answer", [_raises, lambda: ["not a refusal"], lambda: True, lambda: "no"])
def test_a_policy_that_fails_or_answers_nonsense_refuses(host: PluginHost, answer: Callable[[], Any]) -> None:
    host.register("broken", _plugin(hookline_dial_refusals=answer))
    host.register("yes", _plugin(hookline_dial_refusals=list))
    answers = _asked(host)
    assert [r.rule for r in answers["broken"]] == ["broken.unanswered"]
    assert "broken" in answers["broken"][0].text
    assert answers["yes"] == ()
    assert host.statuses["broken"].errors == 1
    assert host.statuses["broken"].state is PluginState.ACTIVE


def test_a_late_policy_refuses(host: PluginHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "POLICY_SECONDS", 0.05)
    release = threading.Event()

    def late() -> list[Refusal]:
        release.wait(10)
        return []

    host.register("slow", _plugin(hookline_dial_refusals=late))
    try:
        assert [r.rule for r in _asked(host)["slow"]] == ["slow.unanswered"]
    finally:
        release.set()


def test_a_plugin_that_is_not_active_is_not_asked(host: PluginHost) -> None:
    """That its policies are missing is for the gate to see: a campaign that requires one of them does not dial."""
    host.register("off", _plugin(hookline_dial_refusals=lambda: [NO]))
    host.statuses["off"].state = PluginState.FAILED
    assert _asked(host) == {}


# Notify


def test_one_listener_that_raises_costs_the_others_nothing(host: PluginHost) -> None:
    heard: list[str] = []
    host.register("one", _plugin(hookline_call_disposed=lambda: heard.append("one")))
    host.register("bad", _plugin(hookline_call_disposed=_raises))
    host.register("two", _plugin(hookline_call_disposed=lambda: heard.append("two")))
    host.call_disposed(CALL)
    assert sorted(heard) == ["one", "two"]
    assert host.statuses["bad"].errors == 1
    assert host.statuses["bad"].state is PluginState.ACTIVE


# Choose


def test_the_first_answer_counts_and_the_last_registered_is_asked_first(host: PluginHost) -> None:
    host.register("first", _plugin(hookline_select_caller_id=lambda: "+48111111111"))
    host.register("second", _plugin(hookline_select_caller_id=lambda: "+48222222222"))
    host.register("undecided", _plugin(hookline_select_caller_id=lambda: None))
    assert host.select_caller_id(REQUEST, "sip") == "+48222222222"


def test_nobody_choosing_is_none_and_an_error_goes_to_who_asked(host: PluginHost) -> None:
    assert host.select_caller_id(REQUEST, "sip") is None
    host.register("bad", _plugin(hookline_select_caller_id=_raises))
    with pytest.raises(RuntimeError, match="broken inside"):
        host.select_caller_id(REQUEST, "sip")


def test_an_implementation_gets_just_the_parameters_it_names(host: PluginHost) -> None:
    class Picky:
        @hookimpl
        def hookline_select_caller_id(self, backend: str) -> str | None:
            return f"through {backend}"

    host.register("picky", Picky())
    assert host.select_caller_id(REQUEST, "sip") == "through sip"
