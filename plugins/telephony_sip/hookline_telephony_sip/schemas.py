"""What comes in from forms, commands and the settings file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate

from hookline.errors import InvalidInput
from hookline.plugin_settings import says
from hookline.services.phones import InvalidPhone, normalise
from hookline.text import N_
from hookline.validation import line
from hookline_telephony_sip.addresses import sip_host, user_part
from hookline_telephony_sip.browser_settings import BrowserSettingsFields, take_browser_settings
from hookline_telephony_sip.codecs import DEFAULT_CODECS, Codec
from hookline_telephony_sip.dtmf import DtmfMethod
from hookline_telephony_sip.errors import InvalidSipValue
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trunk import NumberFormat, Transport

SIP_PORT, TLS_PORT = 5060, 5061
PASSWORD_PREFIX = "HOOKLINE_SIP_"  # noqa: S105 - the beginning of a variable's name
_PREFIX = re.compile(r"[0-9*#]{0,8}")
_VARIABLE = re.compile(rf"{PASSWORD_PREFIX}[A-Z0-9_]{{1,60}}")
_WHOLE_NUMBER: dict[str, str | list[Any] | dict[Any, Any]] = {
    "invalid": [N_("Write a whole number.")],
    "null": [N_("Write a whole number.")],
}


def _host(value: str) -> None:
    try:
        sip_host(value)
    except InvalidSipValue as error:
        raise ValidationError(N_("Write a host name or an IPv4 address, without sip: and without a port.")) from error


def _username(value: str) -> None:
    try:
        user_part(value or "none", "the user name")
    except InvalidSipValue as error:
        raise ValidationError(N_("Use letters, digits, dots, dashes and underscores only.")) from error


def _variable(value: str) -> None:
    # A free choice would let this page send a digest of any other secret in the environment to any host.
    if value and not _VARIABLE.fullmatch(value):
        raise ValidationError(N_("Write capital letters, digits and _, beginning with HOOKLINE_SIP_."))


def _about_the_line(data: dict[str, Any]) -> dict[str, list[str]]:
    """What is wrong with prefix and codecs; the codecs are brought into one form."""
    wrong: dict[str, list[str]] = {}
    names = [name.strip().upper().replace(".", "") for name in data["codecs"].split(",") if name.strip()]
    if not names or set(names) - set(Codec) or len(set(names)) < len(names):
        wrong["codecs"] = [N_("Name each once, separated by commas: PCMA, PCMU, G722.")]
    data["codecs"] = ",".join(names)
    if not _PREFIX.fullmatch(data["dial_prefix"]):
        wrong["dial_prefix"] = [N_("Use digits, * and # only.")]
    if data["registers"] and not data["username"]:
        wrong["registers"] = [N_("To register it takes a user name and a password.")]
    return wrong


class TrunkSchema(Schema):
    """A trunk as a form or a command sends it."""

    name = line(required=True, most=80)
    host = line(required=True, most=253)
    transport = fields.String(
        load_default=Transport.UDP.value,
        validate=validate.OneOf([t.value for t in Transport], error=N_("Choose from the list.")),
    )
    port = fields.Integer(
        load_default=None,
        validate=validate.Range(1, 65535, error=N_("A port is a number from 1 to 65535.")),
        error_messages=_WHOLE_NUMBER,
    )
    client_id = fields.Integer(
        load_default=None, allow_none=True, error_messages={"invalid": [N_("Choose from the list.")]}
    )
    username = line(most=64)
    password_variable = line(most=80)
    caller_id = line(most=40)
    number_format = fields.String(
        load_default=NumberFormat.E164.value,
        validate=validate.OneOf([f.value for f in NumberFormat], error=N_("Choose from the list.")),
    )
    priority = fields.Integer(
        load_default=0,
        validate=validate.Range(-1000, 1000, error=N_("Choose -1000 to 1000.")),
        error_messages=_WHOLE_NUMBER,
    )

    dial_prefix = line(most=8)
    codecs = fields.String(load_default=",".join(DEFAULT_CODECS))
    dtmf = fields.String(
        load_default=DtmfMethod.RFC4733.value,
        validate=validate.OneOf([method.value for method in DtmfMethod], error=N_("Choose from the list.")),
    )
    max_channels = fields.Integer(
        load_default=0,
        validate=validate.Range(0, 10000, error=N_("Choose 0 (no limit) to 10000.")),
        error_messages=_WHOLE_NUMBER,
    )
    inbound = fields.Boolean(load_default=False)
    registers = fields.Boolean(load_default=False)

    @pre_load
    def _empty_is_unsaid(self, data: Mapping[str, Any], **_kwargs: Any) -> dict[str, Any]:
        # A form sends "" for what was left empty.
        optional = {"port", "transport", "client_id", "priority", "max_channels", "codecs", "dtmf"}
        return {name: value for name, value in data.items() if not (name in optional and value in ("", None))}

    @post_load
    def _check(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        wrong: dict[str, list[str]] = {}
        data["port"] = data["port"] or (TLS_PORT if data["transport"] == Transport.TLS else SIP_PORT)
        for name, check in (("host", _host), ("username", _username), ("password_variable", _variable)):
            try:
                check(data[name])
            except ValidationError as error:
                wrong[name] = list(error.messages)
        wrong |= _about_the_line(data)
        if data["username"] and not data["password_variable"]:
            wrong.setdefault("password_variable", [N_("A trunk with a user name needs a password.")])
        if data["password_variable"] and not data["username"]:
            wrong.setdefault("username", [N_("A password alone is no log-in.")])
        try:
            data["caller_id"] = data["caller_id"] and normalise(data["caller_id"], "").e164
        except InvalidPhone:
            wrong["caller_id"] = [N_("Write the number with its country code, like +48 22 123 45 67.")]
        if wrong:
            raise ValidationError(wrong)
        return data


class NumberSchema(Schema):
    """The number of a test call."""

    number = line(required=True, most=60)


class SettingsSchema(BrowserSettingsFields):
    """The plugin's settings."""

    bind_address = fields.String(
        load_default="127.0.0.1",
        metadata=says(
            N_("Address"), N_("IPv4 address of this machine that SIP and RTP are bound to; no stranger may reach it.")
        ),
    )
    warm_cells = fields.Integer(
        load_default=1, metadata=says(N_("Cells kept ready"), N_("Cells that wait for the next conversation."))
    )
    max_cells = fields.Integer(
        load_default=16,
        metadata=says(N_("Cells at most"), N_("Conversations at once; each takes a process of its own.")),
    )
    hold_music = fields.String(
        load_default=None,
        allow_none=True,
        metadata=says(
            N_("Music on hold"), N_("Path of a 16 bit mono WAV file; without it, a tune that comes with Hookline.")
        ),
    )
    clock_rate = fields.Integer(
        load_default=None,
        allow_none=True,
        metadata=says(
            N_("Sampling rate"),
            N_("8000 or 16000 Hz, at which conversations are mixed; empty: 16000 where a trunk speaks G.722."),
        ),
    )
    media_timeout_seconds = fields.Float(
        load_default=30.0,
        metadata=says(
            N_("Silence limit (s)"),
            N_("A leg that has brought no sound packets for so long, and is not on hold, counts as lost; 0 for never."),
        ),
    )

    reply_seconds = fields.Float(
        load_default=4.0,
        metadata=says(
            N_("Patience with a trunk (s)"), N_("A trunk that has not replied by then is given up for the next one.")
        ),
    )
    session_seconds = fields.Integer(
        load_default=1800,
        metadata=says(
            N_("Session timer (s)"), N_("How often a call is confirmed with the far side (RFC 4028); 0 for never.")
        ),
    )
    conversations_per_cell = fields.Integer(
        load_default=50,
        metadata=says(N_("Conversations per cell"), N_("After so many a cell is replaced by a fresh one.")),
    )
    ringing_per_cell = fields.Integer(
        load_default=4,
        metadata=says(
            N_("Ringing customers per cell"), N_("How many calls share a cell until an agent has them: 1 to 4.")
        ),
    )
    inbound_port = fields.Integer(
        load_default=0,
        metadata=says(
            N_("Port for calls that come in"), N_("UDP port at which trunks may call; mostly 5060, 0 for none.")
        ),
    )
    inbound_address = fields.String(
        load_default="",
        metadata=says(
            N_("Address for calls that come in"),
            N_("IPv4 address that trunks call; empty: the address above. A proxy in front belongs on the internet."),
        ),
    )
    signalling_address = fields.String(
        load_default="",
        metadata=says(
            N_("Address for SIP"),
            N_("Where it is not that of the sound: 127.0.0.1 with a SIP proxy on this machine; else empty."),
        ),
    )
    proxy = fields.String(
        load_default="",
        metadata=says(N_("SIP proxy"), N_("The way out for every call, like sip:127.0.0.1:5060;lr; else empty.")),
    )

    public_address = fields.String(
        load_default="",
        metadata=says(
            N_("Public address"),
            N_("With a SIP proxy: where trunks reach it, like 192.0.2.10:5060. Told where we register."),
        ),
    )
    tls_authorities = fields.String(
        load_default="",
        metadata=says(
            N_("Certificate authorities"),
            N_("Path of a PEM file with those that trunks' certificates may be from; empty: this machine's own list."),
        ),
    )

    @post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> SipSettings:
        music, browser = data.pop("hold_music"), take_browser_settings(data)
        try:
            return SipSettings(hold_music=Path(music) if music else None, browser=browser, **data)
        except InvalidInput as error:
            raise ValidationError(dict(error.fields)) from error
