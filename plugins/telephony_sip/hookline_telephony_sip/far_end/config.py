"""The far end's configuration: a validated JSON document.

```json
{"network_port": 0, "phones_port": 0, "control_port": 0,
 "numbers": [{"number": "+48600100100", "behaviour": {"kind": "answer", "ring_seconds": 1,
                                                      "sound": {"kind": "tone", "frequency": 440}}},
             {"prefix": "+4850", "behaviour": {"kind": "busy"}},
             {"ends": "99", "behaviour": {"kind": "no_answer"}}],
 "default": {"kind": "answer", "sound": {"kind": "clip", "clips": ["pl_hello"]}},
 "phones": [{"name": "anna", "answer": "auto", "answer_after_seconds": 0.2}]}
```

Every field has a default, ports 0 are chosen free; `"login": {"username": …, "password": …}` makes the network ask
its callers for a digest. Unknown fields are errors: a misspelt one is never ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate, validates_schema

from . import audio
from .auth import Login
from .behaviours import KINDS, SOUNDS, Behaviour, SoundSpec
from .errors import FarEndConfigInvalid

_SECONDS = validate.Range(min=0, max=86400)
_PORT = validate.Range(min=0, max=65535)


@dataclass(frozen=True, kw_only=True)
class NumberRule:
    """Which called numbers get a behaviour: exactly one of `number`, `prefix`, `ends` is set, in digits."""

    behaviour: Behaviour
    number: str = ""
    prefix: str = ""
    ends: str = ""


@dataclass(frozen=True, kw_only=True)
class PhoneConfig:
    """An agent's phone. `port` None shares the phones' port. `answer` is auto, never or decline."""

    name: str
    port: int | None = None
    answer: str = "auto"
    answer_after_seconds: float = 0.2
    sound: SoundSpec = field(default_factory=SoundSpec)

    def behaviour(self) -> Behaviour:
        """What the phone does when it is called."""
        kinds = {"auto": "answer", "never": "no_answer", "decline": "decline"}
        ring = self.answer_after_seconds if self.answer == "auto" else 0.0
        return Behaviour(kind=kinds[self.answer], ring_seconds=ring, sound=self.sound)


@dataclass(frozen=True, kw_only=True)
class FarEndConfig:
    """The whole configuration."""

    host: str = "127.0.0.1"
    network_port: int = 0
    phones_port: int = 0
    control_port: int = 0
    media_timeout_seconds: float = 60.0
    login: Login | None = None
    numbers: tuple[NumberRule, ...] = ()
    default: Behaviour = field(default_factory=Behaviour)
    phones: tuple[PhoneConfig, ...] = ()


def digits_of(number: str) -> str:
    """The number without "+", a leading "00" and separators: the form in which numbers are compared."""
    text = re.sub(r"[\s().\-/]", "", number)
    return text[1:] if text.startswith("+") else text.removeprefix("00")


class SoundSchema(Schema):
    """`sound` of a behaviour or phone."""

    kind = fields.String(validate=validate.OneOf(SOUNDS))
    frequency = fields.Float(validate=validate.Range(min=20, max=3900))
    amplitude = fields.Float(validate=validate.Range(min=0, max=1))
    clips = fields.List(fields.String(), validate=validate.Length(min=1, max=20))
    pause_seconds = fields.Float(validate=validate.Range(min=0, max=60))
    repeat = fields.Boolean()

    @validates_schema
    def _clips_can_be_played(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("kind") == "clip") != ("clips" in data):
            raise ValidationError("A sound of the kind clip, and no other, needs clips.", "clips")
        try:
            audio.clips(tuple(data.get("clips", ())))
        except FarEndConfigInvalid as error:
            raise ValidationError(str(error), "clips") from error

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> SoundSpec:
        if "clips" in data:
            data["clips"] = tuple(data["clips"])
        return SoundSpec(**data)


class BehaviourSchema(Schema):
    """`behaviour` of a number."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    ring_seconds = fields.Float(allow_none=True, validate=_SECONDS)
    sound = fields.Nested(SoundSchema)
    early_media = fields.Boolean()
    hang_up_after_seconds = fields.Float(allow_none=True, validate=_SECONDS)
    gives_up_after_seconds = fields.Float(allow_none=True, validate=_SECONDS)
    status = fields.Integer(validate=validate.Range(min=400, max=699))
    reason = fields.String(validate=validate.Regexp(r"[^\r\n\x00]{0,80}\Z"))
    early_sound = fields.Nested(SoundSchema)
    headers = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"X-[A-Za-z0-9-]{1,40}\Z")),
        values=fields.String(validate=validate.Regexp(r"[^\r\n\x00]{0,200}\Z")),
    )

    @pre_load
    def _refuse_at_once_by_default(self, data: Any, **_: Any) -> Any:
        if isinstance(data, dict) and data.get("kind") != "answer":
            return {"ring_seconds": 0, **data}
        return data

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Behaviour:
        data["headers"] = tuple(data.get("headers", {}).items())
        return Behaviour(**data)


class NumberSchema(Schema):
    """One rule of `numbers`."""

    number = fields.String()
    prefix = fields.String()
    ends = fields.String()
    behaviour = fields.Nested(BehaviourSchema, required=True)

    @validates_schema
    def _one_pattern(self, data: dict[str, Any], **_: Any) -> None:
        given = [name for name in ("number", "prefix", "ends") if name in data]
        if len(given) != 1:
            raise ValidationError("Give exactly one of number, prefix and ends.")
        if not re.fullmatch(r"[0-9]{1,20}", digits_of(data[given[0]]), re.ASCII):
            raise ValidationError("Give digits, with or without + and separators.", given[0])

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> NumberRule:
        behaviour = data.pop("behaviour")
        return NumberRule(behaviour=behaviour, **{key: digits_of(value) for key, value in data.items()})


class PhoneSchema(Schema):
    """One of `phones`."""

    name = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z0-9._\-]{1,40}\Z"))
    port = fields.Integer(allow_none=True, validate=_PORT)
    answer = fields.String(validate=validate.OneOf(("auto", "never", "decline")))
    answer_after_seconds = fields.Float(validate=_SECONDS)
    sound = fields.Nested(SoundSchema)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> PhoneConfig:
        return PhoneConfig(**data)


class LoginSchema(Schema):
    """`login`: what the network asks of its callers by digest."""

    username = fields.String(required=True, validate=validate.Length(min=1, max=64))
    password = fields.String(required=True, validate=validate.Length(min=1, max=128))

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Login:
        return Login(**data)


class ConfigSchema(Schema):
    """The document."""

    host = fields.String()
    network_port = fields.Integer(validate=_PORT)
    phones_port = fields.Integer(validate=_PORT)
    control_port = fields.Integer(validate=_PORT)
    media_timeout_seconds = fields.Float(validate=validate.Range(min=1, max=86400))
    login = fields.Nested(LoginSchema, allow_none=True)
    numbers = fields.List(fields.Nested(NumberSchema))
    default = fields.Nested(BehaviourSchema)
    phones = fields.List(fields.Nested(PhoneSchema))

    @validates_schema
    def _loopback_and_unique(self, data: dict[str, Any], **_: Any) -> None:
        try:
            if not ip_address(data.get("host", "127.0.0.1")).is_loopback or ":" in data.get("host", ""):
                raise ValueError
        except ValueError as error:
            raise ValidationError("The far end listens on IPv4 loopback only (127.0.0.1).", "host") from error
        names = [phone.name for phone in data.get("phones", ())]
        if len(set(names)) != len(names):
            raise ValidationError("Two phones have the same name.", "phones")

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> FarEndConfig:
        for key in ("numbers", "phones"):
            data[key] = tuple(data.get(key, ()))
        return FarEndConfig(**data)


def load_config(document: object) -> FarEndConfig:
    """Validate a document.

    Raises:
        FarEndConfigInvalid: with every wrong field and why.
    """
    result = _load(ConfigSchema(), document, "The far end's configuration is not valid")
    assert isinstance(result, FarEndConfig)
    return result


def load_behaviour(document: object) -> Behaviour:
    """Validate one behaviour.

    Raises:
        FarEndConfigInvalid: with every wrong field and why.
    """
    result = _load(BehaviourSchema(), document, "The behaviour is not valid")
    assert isinstance(result, Behaviour)
    return result


def load_phone(document: object) -> PhoneConfig:
    """Validate one phone.

    Raises:
        FarEndConfigInvalid: with every wrong field and why.
    """
    result = _load(PhoneSchema(), document, "The phone is not valid")
    assert isinstance(result, PhoneConfig)
    return result


def _load(schema: Schema, document: object, what: str) -> object:
    if not isinstance(document, dict):
        raise FarEndConfigInvalid(f"{what}: it is not a JSON object.", "Write it as {…}.")
    try:
        result: object = schema.load(document)
    except ValidationError as error:
        flat = dict(_flatten("", error.messages))
        details = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in flat.items())
        raise FarEndConfigInvalid(f"{what}: {details}", "Mend these fields and start again.", flat) from error
    return result


def _flatten(path: str, messages: Any) -> list[tuple[str, list[str]]]:
    if isinstance(messages, dict):
        return [pair for key, value in messages.items() for pair in _flatten(f"{path}.{key}".lstrip("."), value)]
    return [(path, [str(item) for item in messages])]
