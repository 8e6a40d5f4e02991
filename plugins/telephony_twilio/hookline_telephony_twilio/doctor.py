"""What keeps calls from going out or coming in, looked for at Twilio itself, each with the repair to make."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPException

from hookline.health import Finding, Level, ok, problem, warning
from hookline.ports.clock import Clock
from hookline.services.phones import country_of
from hookline.text import N_
from hookline_telephony_twilio.accounts import Account, Accounts
from hookline_telephony_twilio.problems import missing_settings
from hookline_telephony_twilio.provider import account as at_twilio
from hookline_telephony_twilio.provider.account import HookedSeen
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.provider.rest import TwilioRest
from hookline_telephony_twilio.settings import TwilioSettings
from hookline_telephony_twilio.shared import BASE_PATH
from hookline_telephony_twilio.sounds import RINGBACK

SKEW_SECONDS = 60
"""Beyond this access tokens may be refused."""
_WAIT_SECONDS = 5.0
Findings = Iterator[Finding]


class Doctor:
    """Looks. `countries`: where campaigns may call (ISO 3166)."""

    def __init__(
        self,
        settings: TwilioSettings,
        accounts: Accounts,
        clock: Clock,
        make_rest: Callable[[Account], TwilioRest],
        countries: Callable[[], Iterable[str]],
    ) -> None:
        self._settings, self._accounts, self._clock = settings, accounts, clock
        self._rest, self._countries = make_rest, countries

    def look(self) -> list[Finding]:
        """Everything."""
        missing = [problem(one.message, one.advice) for one in missing_settings(self._settings)]
        if missing:
            return missing
        findings = [*self._public_address()]
        for account in self._accounts.all().values():
            findings += self._account(account)
        return findings

    def numbers(self, account: Account) -> list[tuple[HookedSeen, bool]]:
        """The account's numbers, and whether their calls come to us. Raises ProviderError."""
        return [(one, self._is_ours(one, "inbound")) for one in at_twilio.numbers(self._rest(account))]

    def take(self, account: Account, number: HookedSeen) -> None:
        """Have the number's calls come to us. Raises ProviderError."""
        rest = self._rest(account)
        at_twilio.take_number(rest, number.sid, self._address("inbound"), self._address("inbound-status"))

    def take_application(self, account: Account) -> None:
        """Have browsers' calls come to us. Raises ProviderError."""
        rest = self._rest(account)
        at_twilio.take_application(rest, account.app_sid, self._address("app"), self._address("app-status"))

    def _account(self, account: Account) -> list[Finding]:
        rest = self._rest(account)
        found: list[Finding] = []
        try:
            found += self._itself(rest)
            if any(one.level is Level.PROBLEM for one in found):
                return found
            for look in (self._application, self._its_numbers, self._caller_id, self._permissions):
                found += look(rest)
        except ProviderError as error:
            found.append(_unreachable(account, error))
        return found

    def _itself(self, rest: TwilioRest) -> Findings:
        sid = rest.account.account_sid
        try:
            seen = at_twilio.account(rest)
        except ProviderError as error:
            if error.status not in (401, 403, 404):
                raise
            yield problem(
                N_("Twilio does not accept the API key of %(account)s."),
                N_(
                    "Check account SID, API key SID and secret: they belong together. A key shows its secret only once."
                ),
                account=sid,
            )
            return
        if seen.status != "active":
            yield problem(
                N_("The account %(account)s is %(status)s."),
                N_("Reactivate it in the Twilio console; mostly its balance is used up."),
                account=sid,
                status=seen.status,
            )
            return
        yield ok(N_("Twilio accepts the API key of %(account)s."), account=sid)
        skew = abs((seen.at - self._clock.now()).total_seconds()) if seen.at else 0.0
        if skew > SKEW_SECONDS:
            yield problem(
                N_("This machine's clock is %(seconds)s seconds off Twilio's: browsers' tokens may be refused."),
                N_("Let the machine keep its time by NTP."),
                seconds=round(skew),
            )

    def _public_address(self) -> Findings:
        address = self._address(f"sound/{RINGBACK}.wav")
        try:
            request = urllib.request.Request(address, headers={"User-Agent": "hookline-doctor"})  # noqa: S310 - ours
            with urllib.request.urlopen(request, timeout=_WAIT_SECONDS) as answer:  # noqa: S310 - checked setting
                reached = answer.headers.get_content_type() == "audio/wav"
        except (urllib.error.URLError, HTTPException, OSError):
            reached = False
        if reached:
            yield ok(N_("The public address %(address)s leads here."), address=self._settings.public_url)
        else:
            yield problem(
                N_("The public address %(address)s does not lead to this installation."),
                N_("Is Hookline running, and does the proxy in front pass on %(path)s? Is public_url the right host?"),
                address=self._settings.public_url,
                path=BASE_PATH,
            )

    def _application(self, rest: TwilioRest) -> Findings:
        sid = rest.account.app_sid
        advice = N_("Run `hookline twilio take-application`, or set its voice address to %(address)s (POST).")
        address = self._address("app")
        if not sid:
            yield warning(
                N_("No TwiML application is set: agents cannot use their browsers as telephones."),
                N_("Make one in the Twilio console with the voice address %(address)s, and set app_sid to its SID."),
                address=address,
            )
            return
        try:
            seen = at_twilio.application(rest, sid)
        except ProviderError as error:
            if not error.gone:
                raise
            yield problem(
                N_("There is no TwiML application %(app)s in the account."),
                N_("Make one in the Twilio console with the voice address %(address)s, and set app_sid to its SID."),
                app=sid,
                address=address,
            )
            return
        if self._is_ours(seen, "app"):
            yield ok(N_("Browsers reach us by the TwiML application %(app)s."), app=sid)
        else:
            yield problem(N_("The TwiML application %(app)s does not call us."), advice, app=sid, address=address)

    def _its_numbers(self, rest: TwilioRest) -> Findings:
        for number, ours in self.numbers(rest.account):
            if ours:
                yield ok(N_("Calls to %(number)s come to us."), number=number.number)
            else:
                yield warning(
                    N_("Calls to %(number)s do not come to us."),
                    N_("Run `hookline twilio take %(number)s`, or set its voice address to %(address)s (POST)."),
                    number=number.number,
                    address=self._address("inbound"),
                )

    def _caller_id(self, rest: TwilioRest) -> Findings:
        shown = rest.account.caller_id
        if not shown:
            yield warning(
                N_("No caller ID is set: each campaign must name its own."), N_("Set caller_id to one of the numbers.")
            )
            return
        own = {number.number for number in at_twilio.numbers(rest)}
        if shown not in own and shown not in at_twilio.verified_callers(rest):
            yield problem(
                N_("The caller ID %(number)s is neither a number of the account's nor verified: calls are refused."),
                N_("Verify it in the Twilio console, or show one of the account's numbers."),
                number=shown,
            )

    def _permissions(self, rest: TwilioRest) -> Findings:
        home = country_of(rest.account.caller_id)
        for country in sorted({*self._countries(), *([home] if home else [])}):
            if not at_twilio.may_call(rest, country):
                yield problem(
                    N_("The account may not call %(country)s."),
                    N_("Allow it in the Twilio console: Voice, Settings, Geo permissions."),
                    country=country,
                )

    def _is_ours(self, seen: HookedSeen, path: str) -> bool:
        return (seen.voice_url, seen.status_callback) == (self._address(path), self._address(f"{path}-status"))

    def _address(self, path: str) -> str:
        return f"{self._settings.public_url.rstrip('/')}{BASE_PATH}/{path}"


def _unreachable(account: Account, error: ProviderError) -> Finding:
    return problem(
        N_("Twilio does not answer as it should for %(account)s (status %(status)s, code %(code)s)."),
        N_("Try again in a moment; look at https://status.twilio.com, the region and the edge."),
        account=account.account_sid,
        status=error.status,
        code=error.code,
    )
