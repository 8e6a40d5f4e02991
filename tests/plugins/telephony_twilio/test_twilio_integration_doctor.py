"""`hookline twilio doctor`: each thing that keeps calls from going out or coming in is found, with its repair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from hookline.health import Finding, Level
from hookline.ports.clock import Clock
from hookline.testing.clock import VirtualClock
from hookline_telephony_twilio.accounts import Accounts
from hookline_telephony_twilio.doctor import Doctor
from hookline_telephony_twilio.health import settings_findings
from hookline_telephony_twilio.provider.rest import TwilioRest
from hookline_telephony_twilio.settings import TwilioSettings
from tests.plugins.telephony_twilio.installation import Installation
from tests.plugins.telephony_twilio.standin import StandIn
from tests.plugins.telephony_twilio.standin.accounts import CALLER_ID


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for the module."""
    installation = Installation(tmp_path_factory.mktemp("doctor"))
    yield installation
    installation.close()


@dataclass
class Practice:
    """A doctor for settings and a clock that a test may change."""

    settings: TwilioSettings
    clock: Clock
    standin: StandIn
    countries: tuple[str, ...] = ("PL",)

    def doctor(self) -> Doctor:
        settings = self.settings

        def rest(account: object) -> TwilioRest:
            return TwilioRest(account, api_base=settings.api_base, region="", edge="")  # type: ignore[arg-type]

        return Doctor(settings, Accounts(settings), self.clock, rest, lambda: self.countries)

    def findings(self) -> list[Finding]:
        return self.doctor().look()

    def expect_complaint(self, words: str) -> Finding:
        """The one complaint there is, which says these words and what to do."""
        wrong = [one for one in self.findings() if one.level is not Level.OK]
        assert len(wrong) == 1, [one.message % one.params for one in wrong]
        assert words in wrong[0].message % wrong[0].params
        assert wrong[0].advice
        return wrong[0]


@pytest.fixture
def practice(here: Installation) -> Iterator[Practice]:
    """Everything as it should be."""
    plugin = here.runtime.plugin_settings("telephony_twilio").loaded()
    kept = replace_all(here.standin)
    yield Practice(plugin, here.clock, here.standin)
    kept()
    here.standin.mischief.clear()


def replace_all(standin: StandIn) -> Callable[[], None]:
    """Remember the account as it is; what is returned puts it back."""
    account = standin.account
    numbers = {name: replace(one) for name, one in account.numbers.items()}
    applications = {name: replace(one) for name, one in account.applications.items()}
    countries, keys = set(account.countries), dict(account.keys)

    def put_back() -> None:
        account.numbers, account.applications = numbers, applications
        account.countries, account.keys, account.status = countries, keys, "active"

    return put_back


def test_where_all_is_well_nothing_is_found(practice: Practice) -> None:
    assert {one.level for one in practice.findings()} == {Level.OK}


def test_wrong_credentials(practice: Practice) -> None:
    practice.settings = replace(practice.settings, api_key_secret="not the secret")
    finding = practice.expect_complaint("does not accept the API key")
    assert "not the secret" not in str(finding)


def test_a_suspended_account(practice: Practice) -> None:
    practice.standin.account.status = "suspended"
    assert any(one.level is Level.PROBLEM for one in practice.findings())


def test_a_public_address_that_leads_nowhere(practice: Practice, here: Installation) -> None:
    here.web.stop()
    try:
        finding = practice.expect_complaint("does not lead to this installation")
    finally:
        here.web.start()
    assert finding.level is Level.PROBLEM


def test_a_number_that_does_not_call_us_and_its_repair(practice: Practice) -> None:
    practice.standin.account.numbers[CALLER_ID].voice_url = "https://elsewhere.example/voice"
    practice.expect_complaint(CALLER_ID)
    doctor = practice.doctor()
    account = next(iter(Accounts(practice.settings).all().values()))
    ((number, ours),) = doctor.numbers(account)
    assert not ours
    doctor.take(account, number)
    assert {one.level for one in practice.findings()} == {Level.OK}


def test_a_missing_application_and_one_that_calls_somebody_else(practice: Practice) -> None:
    (application,) = practice.standin.account.applications.values()
    application.voice_url = "https://elsewhere.example/app"
    practice.expect_complaint("does not call us")
    practice.doctor().take_application(next(iter(Accounts(practice.settings).all().values())))
    assert {one.level for one in practice.findings()} == {Level.OK}
    practice.settings = replace(practice.settings, app_sid="AP" + "9" * 32)
    practice.expect_complaint("no TwiML application")
    practice.settings = replace(practice.settings, app_sid="")
    practice.expect_complaint("No TwiML application is set")


def test_a_country_that_may_not_be_called(practice: Practice) -> None:
    practice.countries = ("PL", "GB")
    practice.expect_complaint("may not call GB")


def test_a_caller_id_that_is_not_ones_own(practice: Practice) -> None:
    practice.settings = replace(practice.settings, caller_id="+48223333333")
    practice.expect_complaint("+48223333333")
    practice.standin.account.verified.append("+48223333333")
    assert {one.level for one in practice.findings()} == {Level.OK}
    practice.standin.account.verified.clear()


@pytest.mark.parametrize("seconds", [-90, 90])
def test_a_clock_that_is_off(practice: Practice, seconds: int) -> None:
    practice.clock = VirtualClock(practice.standin.world.now() + timedelta(seconds=seconds))
    practice.expect_complaint("clock is 90 seconds off")


def test_a_twilio_that_has_trouble_is_not_taken_for_a_wrong_key(practice: Practice) -> None:
    practice.standin.mischief.answer("GET .*", "503", times=50)
    practice.expect_complaint("does not answer as it should")


def test_what_is_not_set_at_all(practice: Practice) -> None:
    practice.settings = TwilioSettings()
    assert all(one.level is Level.PROBLEM and one.advice for one in practice.findings())


@pytest.mark.parametrize(
    ("settings", "level"),
    [(TwilioSettings(), Level.OK), (TwilioSettings(public_url="https://calls.example.com"), Level.WARNING)],
)
def test_an_installation_without_twilio_lacks_nothing(settings: TwilioSettings, level: Level) -> None:
    assert {finding.level for finding in settings_findings(settings)} == {level}
