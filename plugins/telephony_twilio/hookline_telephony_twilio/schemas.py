"""What comes in from forms, commands and the settings file."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from hookline.errors import InvalidInput
from hookline.plugin_settings import says
from hookline.services.phones import InvalidPhone, normalise
from hookline.text import N_
from hookline.validation import line
from hookline_telephony_twilio.settings import TwilioSettings

NUMBER_ADVICE = N_("Write the number with its country code, like +48 22 123 45 67.")


def e164(text: str) -> str:
    """The number as E.164, "" for none. Raises ValidationError."""
    try:
        return normalise(text, "").e164 if text else ""
    except InvalidPhone as error:
        raise ValidationError({"caller_id": [NUMBER_ADVICE]}) from error


class SettingsSchema(Schema):
    """The plugin's settings."""

    account_sid = fields.String(
        load_default="", metadata=says(N_("Account SID"), N_("Of the Twilio account; begins with AC."))
    )
    api_key_sid = fields.String(
        load_default="", metadata=says(N_("API key SID"), N_("Of a standard API key of that account; begins with SK."))
    )
    api_key_secret = fields.String(
        load_default="", metadata=says(N_("API key secret"), N_("Shown once when the key is made."), secret=True)
    )
    auth_token = fields.String(
        load_default="",
        metadata=says(
            N_("Auth token"), N_("Of the account: only to check that a message comes from Twilio."), secret=True
        ),
    )
    public_url = fields.String(
        load_default="",
        metadata=says(N_("Public address"), N_("Where Twilio reaches this installation: https and the host, no path.")),
    )
    caller_id = fields.String(
        load_default="",
        metadata=says(N_("Caller ID"), N_("Shown where a campaign names none: a number of the account's.")),
    )
    app_sid = fields.String(
        load_default="",
        metadata=says(
            N_("TwiML application"), N_("What agents' browsers call; begins with AP. Empty: no browsers as phones.")
        ),
    )
    region = fields.String(
        load_default="",
        metadata=says(N_("Region"), N_("Where Twilio processes the calls, like ie1; empty: the United States.")),
    )
    edge = fields.String(
        load_default="",
        metadata=says(
            N_("Edge"), N_("Where requests and browsers enter Twilio's network, like dublin; empty: ashburn.")
        ),
    )
    api_base = fields.String(
        load_default="",
        metadata=says(N_("Address of the API"), N_("In place of Twilio's own: for a test peer. Mostly empty.")),
    )
    concurrent_calls = fields.Integer(
        load_default=0, metadata=says(N_("Calls at once"), N_("Legs at once that the account allows; 0: no limit."))
    )
    calls_per_second = fields.Float(
        load_default=1.0, metadata=says(N_("Calls per second"), N_("Legs begun per second that the account allows."))
    )
    watch_seconds = fields.Float(
        load_default=10.0,
        metadata=says(N_("Watch (s)"), N_("How often Twilio is asked about calls of which nothing was heard.")),
    )
    queue_callers = fields.Boolean(
        load_default=False,
        metadata=says(
            N_("Queue for callers"), N_("Callers wait with music and hear their place; else they hear ringing.")
        ),
    )
    voicemail = fields.Boolean(
        load_default=False, metadata=says(N_("Voicemail"), N_("Callers who find nobody may leave a message."))
    )
    recording_wait_seconds = fields.Float(
        load_default=5.0,
        metadata=says(N_("Wait for recordings (s)"), N_("How long the end of a call waits for its recording.")),
    )

    @post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> TwilioSettings:
        data["caller_id"] = e164(data["caller_id"])
        data["public_url"] = data["public_url"].rstrip("/")
        try:
            return TwilioSettings(**data)
        except InvalidInput as error:
            raise ValidationError(dict(error.fields)) from error


SECRET_PREFIX = "HOOKLINE_TWILIO_"  # noqa: S105 - the beginning of a variable's name
_VARIABLE = re.compile(rf"{SECRET_PREFIX}[A-Z0-9_]{{1,60}}")


def _sid(prefix: str, advice: str) -> validate.Validator:
    # Each kind has its letters: a key in the account's field would fail at Twilio only.
    return validate.Regexp(rf"^{prefix}[0-9a-fA-F]{{32}}$|^$", error=advice)


def _there(value: str) -> None:
    if not value:
        raise ValidationError(N_("Fill this in."))


def _variable(value: str) -> None:
    # A free choice would let this page send any other secret in the environment to Twilio.
    if not _VARIABLE.fullmatch(value):
        raise ValidationError(N_("Write capital letters, digits and _, beginning with HOOKLINE_TWILIO_."))


class AccountSchema(Schema):
    """A client's account as a form sends it."""

    name = line(required=True, most=80)
    client_id = fields.Integer(required=True, error_messages={"invalid": [N_("Choose from the list.")]})
    account_sid = fields.String(
        required=True, validate=[_sid("AC", N_("It begins with AC and has 34 characters.")), _there]
    )
    api_key_sid = fields.String(
        required=True, validate=[_sid("SK", N_("It begins with SK and has 34 characters.")), _there]
    )
    secret_variable = fields.String(required=True, validate=_variable)
    token_variable = fields.String(required=True, validate=_variable)
    caller_id = line(most=40)
    app_sid = fields.String(load_default="", validate=_sid("AP", N_("It begins with AP and has 34 characters.")))

    @post_load
    def _number(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        data["caller_id"] = e164(data["caller_id"])
        return data
