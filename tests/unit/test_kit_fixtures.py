"""What plugin authors' tests stand on: the fixtures that come with Hookline, and kits that let no broken part pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from hookline.data_holders import DataHolder, DataRecord, ErasureReport, Subject
from hookline.db.database import UnitOfWork
from hookline.domain.access import Role, Scope
from hookline.domain.scripts import ScriptContext, ScriptInfo, ScriptView
from hookline.hookspecs import hookimpl
from hookline.testing import holder_conformance, script_conformance, template_store
from hookline.testing.browsing import Browsers
from hookline.testing.centre import Centre
from hookline.testing.holder_conformance import HolderRig
from hookline.testing.hook_calls import HookCalls
from hookline.testing.script_conformance import ScriptRig
from hookline_gdpr.holders import consent_holder
from hookline_gdpr.models import Consent
from hookline_gdpr.service import ConsentService
from hookline_scripts.engine import ScriptsEngine
from hookline_scripts.lookups import Lookups
from hookline_scripts.service import ScriptService
from tests.contract.test_part_conformance import CONSENT
from tests.plugins.scripts.sample_script import TEXT

NUMBER = "+48221234567"


@pytest.fixture(scope="session")
def hookline_plugins() -> tuple[str, ...]:
    return ("gdpr", "scripts")


@pytest.fixture
def browser(centre: Centre) -> Browsers:
    """The kit's, not this repository's own."""
    return Browsers(centre)


def test_the_centre_has_the_chosen_plugins_alone(centre: Centre) -> None:
    active = {name for name in centre.runtime.host.statuses if centre.runtime.host.is_active(name)}
    assert active == {"gdpr", "scripts", "simulated_telephony"}


def test_a_whole_call_in_one_line(centre: Centre) -> None:
    call = centre.call_with(NUMBER, "REFUSED")
    assert (call.number, call.result, call.disposed_at is not None) == (NUMBER, "answered", True)


@pytest.mark.parametrize(("role", "status"), [(Role.ADMINISTRATOR, 200), (Role.SUPERVISOR, 200), (Role.AGENT, 403)])
def test_a_browser_is_logged_in_as_somebody_in_the_role(browser: Browsers, role: Role, status: int) -> None:
    assert browser(role).get("/p/gdpr/").status_code == status


def test_a_browser_may_be_a_certain_user_or_nobody(centre: Centre, browser: Browsers) -> None:
    centre.agent("anna")
    assert "Anna" in browser("anna").get("/account").text
    assert browser(None).get("/p/gdpr/").status_code == 302
    with pytest.raises(AssertionError, match="bert could not log in"):
        browser("bert")


def test_hook_calls_are_recorded_with_what_came_of_them(centre: Centre, hook_calls: HookCalls) -> None:
    call = centre.call_with(NUMBER)
    (told,) = hook_calls.of("gdpr", "hookline_call_disposed")
    assert (told.arguments["call"].call_id, told.error) == (call.id, None)
    assert all(asked.result == [] for asked in hook_calls.of("gdpr", "hookline_dial_refusals"))
    assert {one.hook for one in hook_calls.of("scripts")} >= {"hookline_register_permissions"}
    hook_calls.clear()
    assert len(hook_calls) == 0


def test_what_an_implementation_raises_is_recorded_and_goes_on(centre: Centre, hook_calls: HookCalls) -> None:
    class Broken:
        @hookimpl
        def hookline_dial_refusals(self) -> list[Any]:
            raise ValueError("broken")

    centre.runtime.host.register("broken", Broken())
    with pytest.raises(Exception, match="cannot be done"):
        centre.call_with(NUMBER)  # fail closed: nobody is presented
    assert {type(call.error) for call in hook_calls.of("broken", "hookline_dial_refusals")} == {ValueError}


def test_a_job_runs_when_the_test_says_so_and_raises_what_it_raises(centre: Centre) -> None:
    centre.clock.set(centre.clock.now() + timedelta(days=1))
    assert isinstance(centre.run_job("core.store-recordings"), str)
    with pytest.raises(KeyError):
        centre.run_job("core.no-such-job")


def test_a_migrated_database_is_kept_for_the_same_migrations_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    place = template_store.path_for([("gdpr", "hookline_gdpr")])
    assert place == template_store.path_for([("gdpr", "hookline_gdpr")])
    assert place != template_store.path_for([])
    made = tmp_path / "made"
    made.write_bytes(b"a database")
    template_store.keep(made, place)
    assert place.read_bytes() == b"a database"
    place.parent.chmod(0o777)
    assert template_store.path_for([]).parent != place.parent, "a folder that others can write to is not trusted"


# The kits: each of these breaks one promise


def _holder(export: Any = None, erase: Any = None, **words: Any) -> DataHolder:
    sound = consent_holder()
    return replace(sound, export=export or sound.export, erase=erase or sound.erase, **words)


def _nothing(*_: Any) -> list[DataRecord]:
    return []


def _everybodys(session: Session, scope: Scope, _subject: Subject) -> list[DataRecord]:
    everybody = Subject(contact_ids=frozenset(range(1, 1000)))
    return consent_holder().export(session, scope, everybody)


def _forgets_nothing(_unit: UnitOfWork, _subject: Subject) -> ErasureReport:
    return ErasureReport(erased=1)


def _erases_everybody(unit: UnitOfWork, subject: Subject) -> ErasureReport:
    gone = unit.session.execute(delete(Consent))
    return ErasureReport(erased=int(getattr(gone, "rowcount", 0)) if subject.contact_ids else 0)


@pytest.mark.parametrize(
    ("scenario", "holder"),
    [
        ("it_says_what_the_register_asks_for", _holder(why="")),
        ("its_tables_are_there_and_marked_personal", _holder(tables=frozenset({"gdpr_nothing"}))),
        ("it_hands_out_what_it_keeps_and_names_the_controller", _holder(export=_nothing)),
        ("it_hands_out_nothing_about_others", _holder(export=_everybodys)),
        ("about_nobody_it_hands_out_and_erases_nothing", _holder(export=_everybodys)),
        ("it_erases_and_says_what_it_keeps", _holder(erase=_forgets_nothing)),
        ("it_erases_and_says_what_it_keeps", _holder(erase=_erases_everybody)),
        ("erasing_twice_is_safe", _holder(erase=_forgets_nothing)),
    ],
)
def test_the_holders_kit_lets_no_broken_holder_pass(
    shared_centre: Centre, monkeypatch: pytest.MonkeyPatch, scenario: str, holder: DataHolder
) -> None:
    from_gdpr = ConsentPlant(shared_centre)
    monkeypatch.setattr(HolderRig, "holder", property(lambda _: holder))
    play = next(s for s in holder_conformance.SCENARIOS if s.name == scenario)
    with pytest.raises(AssertionError):
        play.run(HolderRig(shared_centre, "gdpr.consents", from_gdpr))


class ConsentPlant:
    """Makes contacts with a consent; numbers do not repeat, whichever rig asks."""

    made = 0

    def __init__(self, centre: Centre) -> None:
        self.centre = centre

    def __call__(self, _number: str) -> int:
        ConsentPlant.made += 1
        contact = self.centre.contact(f"+48601000{ConsentPlant.made:03}")
        ConsentService(self.centre.runtime.db).give(self.centre.operator, contact, CONSENT)
        return contact


class _Shouting(ScriptsEngine):
    """Puts what it is given into the page as it is."""

    def view(self, script_id: str, context: ScriptContext) -> ScriptView:
        shown = super().view(script_id, context)
        steps = tuple(replace(s, html=s.html + context.contact.get("first_name", "")) for s in shown.steps)
        return replace(shown, steps=steps)


class _Generous(ScriptsEngine):
    """Offers everybody everything."""

    def list_scripts(self, client_id: int) -> list[ScriptInfo]:
        return [info for client in range(1, 50) for info in ScriptsEngine.list_scripts(self, client)]


class _Forgetful(ScriptsEngine):
    """Keeps nothing, and refuses nothing."""

    def save_answer(self, script_id: str, call_id: int, question: str, value: str, agent_id: int | None) -> None:
        return None


@pytest.mark.parametrize(
    ("scenario", "engine"),
    [
        ("a_script_is_offered_to_its_client_and_to_no_other", _Generous),
        ("what_is_filled_in_makes_no_markup", _Shouting),
        ("an_answer_is_kept_for_its_call_alone", _Forgetful),
        ("a_value_that_does_not_fit_is_refused", _Forgetful),
        ("an_unknown_script_is_not_found", _Forgetful),
    ],
)
def test_the_engines_kit_lets_no_broken_engine_pass(
    centre: Centre, monkeypatch: pytest.MonkeyPatch, scenario: str, engine: type[ScriptsEngine]
) -> None:
    service = ScriptService(centre.runtime.db)
    monkeypatch.setattr(ScriptRig, "engine", property(lambda rig: engine(rig.centre.runtime.db, Lookups())))

    def add(client_id: int) -> str:
        return str(service.add(centre.operator, client_id, TEXT))

    play = next(s for s in script_conformance.SCENARIOS if s.name == scenario)
    with pytest.raises(AssertionError):
        play.run(ScriptRig(centre, "scripts", add))
