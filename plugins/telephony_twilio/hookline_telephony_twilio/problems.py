"""What can keep Twilio from dialling, with what to do about it."""

from __future__ import annotations

from hookline.ports.telephony import Problem
from hookline.text import N_
from hookline_telephony_twilio.settings import TwilioSettings

WHAT_IS_MISSING = {
    "account_sid": N_("The account SID is not set."),
    "api_key_sid": N_("The API key's SID is not set."),
    "api_key_secret": N_("The API key's secret is not set."),
    "auth_token": N_("The auth token is not set, so Twilio's messages could not be told from forged ones."),
    "public_url": N_("The public address is not set, so Twilio could not reach this installation."),
}
WHERE_TO_SET = {
    "account_sid": N_("Copy it from the Twilio console, into HOOKLINE_TELEPHONY_TWILIO__ACCOUNT_SID."),
    "api_key_sid": N_("Make a standard API key in the Twilio console; set HOOKLINE_TELEPHONY_TWILIO__API_KEY_SID."),
    "api_key_secret": N_("Put it into HOOKLINE_TELEPHONY_TWILIO__API_KEY_SECRET, or a file that …_FILE names."),
    "auth_token": N_("Put it into HOOKLINE_TELEPHONY_TWILIO__AUTH_TOKEN, or a file that …_FILE names."),
    "public_url": N_("Set HOOKLINE_TELEPHONY_TWILIO__PUBLIC_URL to the https address by which people reach Hookline."),
}


def out_of_reach() -> Problem:
    """Twilio takes on no calls at present."""
    return Problem(
        id="twilio-out-of-reach",
        message=N_("Twilio took on none of the last calls: it does not answer, or does not accept the API key."),
        advice=N_("Run `hookline twilio doctor`, and look at https://status.twilio.com."),
    )


def missing_settings(settings: TwilioSettings) -> list[Problem]:
    """One for each setting that calls cannot do without."""
    return [
        Problem(id=f"twilio-no-{name.replace('_', '-')}", message=WHAT_IS_MISSING[name], advice=WHERE_TO_SET[name])
        for name in settings.missing
    ]
