"""The shape of a script file and of the administration's forms."""

from __future__ import annotations

from collections import Counter
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from hookline.data_holders import Classification
from hookline.domain.scripts import QuestionKind
from hookline.text import N_

_MISSING = N_("This is missing or empty.")
_UNKNOWN = N_("There is no such entry in a script; check its spelling.")
_NOT_LIST = N_("A list is expected here: lines that begin with “- ”.")
_NOT_GROUP = N_("Entries of the form “name: value” are expected here.")
_WORDS: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": _MISSING,
    "invalid": N_("A text is expected here."),
    "null": _MISSING,
}
_FILLED = validate.Length(min=1, error=_MISSING)


class LocalText(fields.Field[dict[str, str]]):
    """A text, or texts by language ({"pl": …, "en": …}); loads into texts by language, "" for the only one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        texts = {"": value} if isinstance(value, str) else value
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise ValidationError(N_("A text is expected here, or one for each language (“pl: …”)."))
        if any(language and not (len(language) == 2 and language.isalpha()) for language in texts):
            raise ValidationError(N_("A language has a code of two letters, such as pl or en."))
        if not texts or not all(text.strip() for text in texts.values()):
            raise ValidationError(_MISSING)
        return texts


class _Part(Schema):
    class Meta:
        unknown = RAISE

    error_messages = {"unknown": _UNKNOWN, "type": _NOT_GROUP}  # noqa: RUF012 - marshmallow reads it from the class


class QuestionSchema(_Part):
    """One question below `ask`."""

    key = fields.String(
        required=True,
        error_messages=_WORDS,
        validate=validate.Regexp(
            r"^[a-z][a-z0-9_]{0,63}\Z",
            error=N_("A key has small letters, digits and _ only, and begins with a letter."),
        ),
    )
    label = LocalText(required=True, error_messages=_WORDS)
    kind = fields.String(
        load_default=QuestionKind.TEXT.value,
        error_messages=_WORDS,
        validate=validate.OneOf(
            [k.value for k in QuestionKind], error=N_("The kind is one of: text, choice, yes_no, number, date.")
        ),
    )
    choices = fields.List(
        fields.String(validate=_FILLED, error_messages=_WORDS), load_default=list, error_messages={"invalid": _NOT_LIST}
    )
    required = fields.Boolean(load_default=False, error_messages={"invalid": N_("Write true or false.")})
    data = fields.String(
        load_default=Classification.ORDINARY.value,
        error_messages=_WORDS,
        validate=validate.OneOf(
            [c.value for c in Classification],
            error=N_("The data asked for is one of: ordinary, special (health, beliefs and the like), none."),
        ),
    )

    @validates_schema
    def _choices_fit(self, data: dict[str, Any], **_: Any) -> None:
        choices = data["choices"]
        if data["kind"] == QuestionKind.CHOICE.value:
            if len(choices) < 2:
                raise ValidationError(N_("A question of the kind choice needs two or more choices."), "choices")
            if len(set(choices)) < len(choices):
                raise ValidationError(N_("A choice is there twice."), "choices")
        elif choices:
            raise ValidationError(N_("Only a question of the kind choice has choices."), "choices")


class StepSchema(_Part):
    """One step: something to say, or to ask, or both."""

    title = LocalText(required=True, error_messages=_WORDS)
    say = LocalText(error_messages=_WORDS, load_default=dict)
    ask = fields.List(
        fields.Nested(QuestionSchema, error_messages={"type": _NOT_GROUP}),
        load_default=list,
        error_messages={"invalid": _NOT_LIST},
    )

    @validates_schema
    def _has_content(self, data: dict[str, Any], **_: Any) -> None:
        if not data["say"] and not data["ask"]:
            raise ValidationError(N_("A step needs something to say or to ask."))


class ScriptSchema(_Part):
    """The whole file."""

    title = fields.String(required=True, error_messages=_WORDS, validate=validate.Length(1, 120, error=_MISSING))
    steps = fields.List(
        fields.Nested(StepSchema, error_messages={"type": _NOT_GROUP}),
        required=True,
        error_messages={"required": _MISSING, "invalid": _NOT_LIST},
        validate=validate.Length(min=1, error=N_("A script needs at least one step.")),
    )

    @validates_schema
    def _keys_once(self, data: dict[str, Any], **_: Any) -> None:
        keys = Counter(question["key"] for step in data["steps"] for question in step["ask"])
        errors: dict[int, Any] = {}
        for s, step in enumerate(data["steps"]):
            twice = {
                q: {"key": [N_("This key is used twice.")]} for q, a in enumerate(step["ask"]) if keys[a["key"]] > 1
            }
            if twice:
                errors[s] = {"ask": twice}
        if errors:
            raise ValidationError({"steps": errors})


class ScriptForm(Schema):
    """The administration's form. `client_id` empty: for every client. `version`: the one that was opened."""

    text = fields.String(required=True, validate=_FILLED)
    client_id = fields.Integer(allow_none=True, load_default=None)
    version = fields.Integer(load_default=0)


class PreviewForm(Schema):
    """What the preview is made from; an unfinished text is welcome."""

    text = fields.String(load_default="")
    language = fields.String(load_default="en", validate=validate.OneOf(["en", "pl"]))
