"""The REST API's accounts, and what they own and may do."""

from __future__ import annotations

from tests.plugins.telephony_twilio.standin.accounts import Number
from tests.plugins.telephony_twilio.standin.resources import (
    Json,
    account_json,
    application_json,
    country_json,
    number_json,
    verified_json,
)
from tests.plugins.telephony_twilio.standin.rest import ACCOUNT, Asked, not_found, page, serves


@serves("GET", "/2010-04-01/Accounts/{Sid}.json")
def fetch_account(asked: Asked) -> tuple[int, Json | None]:
    """The account."""
    return 200, account_json(asked.account)


@serves("GET", f"{ACCOUNT}/Balance.json")
def fetch_balance(asked: Asked) -> tuple[int, Json | None]:
    """What is left to spend."""
    return 200, {"account_sid": asked.account.sid, "balance": asked.account.balance, "currency": "USD"}


@serves("GET", f"{ACCOUNT}/Applications/{{Sid}}.json")
def fetch_application(asked: Asked) -> tuple[int, Json | None]:
    """A TwiML application."""
    application = asked.account.applications.get(asked.ids["Sid"])
    if application is None:
        raise not_found(f"/Applications/{asked.ids['Sid']}")
    return 200, application_json(asked.account, application)


@serves("POST", f"{ACCOUNT}/Applications/{{Sid}}.json")
def update_application(asked: Asked) -> tuple[int, Json | None]:
    """Give it other addresses."""
    application = asked.account.applications.get(asked.ids["Sid"])
    if application is None:
        raise not_found(f"/Applications/{asked.ids['Sid']}")
    application.voice_url = asked.form.get("VoiceUrl", application.voice_url)
    application.status_callback = asked.form.get("StatusCallback", application.status_callback)
    return 200, application_json(asked.account, application)


@serves("GET", f"{ACCOUNT}/Applications.json")
def list_applications(asked: Asked) -> tuple[int, Json | None]:
    """The account's TwiML applications."""
    found = [application_json(asked.account, one) for one in asked.account.applications.values()]
    return 200, page(asked, "applications", found, "Applications")


@serves("GET", f"{ACCOUNT}/IncomingPhoneNumbers.json")
def list_numbers(asked: Asked) -> tuple[int, Json | None]:
    """The account's own numbers."""
    wanted = asked.query.get("PhoneNumber")
    numbers = [one for one in asked.account.numbers.values() if wanted in (None, one.number)]
    found = [number_json(asked.account, one) for one in numbers]
    return 200, page(asked, "incoming_phone_numbers", found, "IncomingPhoneNumbers")


def _number(asked: Asked) -> Number:
    for number in asked.account.numbers.values():
        if number.sid == asked.ids["Sid"]:
            return number
    raise not_found(f"/IncomingPhoneNumbers/{asked.ids['Sid']}")


@serves("GET", f"{ACCOUNT}/IncomingPhoneNumbers/{{Sid}}.json")
def fetch_number(asked: Asked) -> tuple[int, Json | None]:
    """One number."""
    return 200, number_json(asked.account, _number(asked))


@serves("POST", f"{ACCOUNT}/IncomingPhoneNumbers/{{Sid}}.json")
def update_number(asked: Asked) -> tuple[int, Json | None]:
    """Give the number other addresses."""
    number = _number(asked)
    number.voice_url = asked.form.get("VoiceUrl", number.voice_url)
    number.status_callback = asked.form.get("StatusCallback", number.status_callback)
    number.application_sid = asked.form.get("VoiceApplicationSid", number.application_sid)
    return 200, number_json(asked.account, number)


@serves("GET", f"{ACCOUNT}/OutgoingCallerIds.json")
def list_verified(asked: Asked) -> tuple[int, Json | None]:
    """The numbers that the account may show as its own."""
    wanted = asked.query.get("PhoneNumber")
    found = [verified_json(asked.account, one) for one in asked.account.verified if wanted in (None, one)]
    return 200, page(asked, "outgoing_caller_ids", found, "OutgoingCallerIds")


@serves("GET", "/v1/DialingPermissions/Countries/{IsoCode}")
def fetch_country(asked: Asked) -> tuple[int, Json | None]:
    """Whether calls to the country are allowed."""
    return 200, country_json(asked.account, asked.ids["IsoCode"])


@serves("GET", "/v1/DialingPermissions/Countries")
def list_countries(asked: Asked) -> tuple[int, Json | None]:
    """The countries that there are, here: those that the account may call, and Great Britain."""
    found = [country_json(asked.account, code) for code in sorted({*asked.account.countries, "GB"})]
    meta = {"key": "content", "page": 0, "page_size": 50, "url": "https://voice.twilio.com/v1"}
    return 200, {"content": found, "meta": {**meta, "first_page_url": meta["url"]}}
