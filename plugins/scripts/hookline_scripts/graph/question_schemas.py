"""The shape of a script file: what both forms, steps and nodes, have in common."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from hookline.data_holders import Classification
from hookline.domain.scripts import QuestionKind
from hookline.text import N_

MISSING = N_("This is missing or empty.")
UNKNOWN = N_("There is no such entry in a script; check its spelling.")
NOT_LIST = N_("A list is expected here: lines that begin with “- ”.")
NOT_GROUP = N_("Entries of the form “name: value” are expected here.")
WORDS: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": MISSING,
    "invalid": N_("A text is expected here."),
    "null": MISSING,
}
FILLED = validate.Length(min=1, error=MISSING)
TRUE_OR_FALSE = N_("Write true or false.")
NUMBER = N_("A number is expected here.")
KEY = validate.Regexp(
    r"^[a-z][a-z0-9_]{0,63}\Z", error=N_("A key has small letters, digits and _ only, and begins with a letter.")
)
CHOOSING = (QuestionKind.CHOICE.value, QuestionKind.MULTI_CHOICE.value)
BOUNDED = (QuestionKind.NUMBER.value, QuestionKind.SCALE.value, QuestionKind.MONEY.value)
_LONGEST_SCALE = 20


class LocalText(fields.Field[dict[str, str]]):
    """A text, or texts by language ({"pl": …, "en": …}); loads into texts by language, "" for the only one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        texts = {"": value} if isinstance(value, str) else value
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise ValidationError(N_("A text is expected here, or one for each language (“pl: …”)."))
        if any(language and not (len(language) == 2 and language.isalpha()) for language in texts):
            raise ValidationError(N_("A language has a code of two letters, such as pl or en."))
        if not texts or not all(text.strip() for text in texts.values()):
            raise ValidationError(MISSING)
        return texts


class Part(Schema):
    """A part of a script file: whatever it does not know is refused, with its place."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": UNKNOWN, "type": NOT_GROUP}  # noqa: RUF012 - marshmallow reads it from the class


class ChoiceText(fields.Field[tuple[str, dict[str, str]]]):
    """A choice: a text that is read out and kept as it is, or `{value: …, label: {pl: …, en: …}}`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, dict[str, str]]:
        if isinstance(value, str):
            value = {"value": value, "label": value}
        if not isinstance(value, dict) or set(value) - {"value", "label"} or not isinstance(value.get("value"), str):
            raise ValidationError(N_("A choice is a text, or has a value and a label."))
        kept = value["value"]
        if not kept.strip() or ";" in kept:
            raise ValidationError(N_("A choice's value may not be empty, nor have a semicolon."))
        label = LocalText().deserialize(value.get("label", kept))
        return kept, label or {"": kept}


class QuestionSchema(Part):
    """One question below `ask`."""

    key = fields.String(required=True, error_messages=WORDS, validate=KEY)
    label = LocalText(required=True, error_messages=WORDS)
    kind = fields.String(
        load_default=QuestionKind.TEXT.value,
        error_messages=WORDS,
        validate=validate.OneOf(
            [k.value for k in QuestionKind],
            error=N_(
                "The kind is one of: text, choice, yes_no, number, date, multi_choice, scale, phone, email, money."
            ),
        ),
    )
    choices = fields.List(ChoiceText(error_messages=WORDS), load_default=list, error_messages={"invalid": NOT_LIST})
    required = fields.Boolean(load_default=False, error_messages={"invalid": TRUE_OR_FALSE})
    default = fields.String(load_default="", error_messages=WORDS)
    low = fields.Decimal(load_default=None, allow_nan=False, error_messages={"invalid": NUMBER})
    high = fields.Decimal(load_default=None, allow_nan=False, error_messages={"invalid": NUMBER})
    unit = fields.String(load_default="", validate=validate.Length(max=12), error_messages=WORDS)
    data = fields.String(
        load_default=Classification.ORDINARY.value,
        error_messages=WORDS,
        validate=validate.OneOf(
            [c.value for c in Classification],
            error=N_("The data asked for is one of: ordinary, special (health, beliefs and the like), none."),
        ),
    )

    @validates_schema
    def _choices_fit(self, data: dict[str, Any], **_: Any) -> None:
        values = [value for value, _label in data["choices"]]
        if data["kind"] in CHOOSING:
            if len(values) < 2:
                raise ValidationError(N_("A question of the kind choice needs two or more choices."), "choices")
            if len(set(values)) < len(values):
                raise ValidationError(N_("A choice is there twice."), "choices")
        elif values:
            raise ValidationError(N_("Only a question of the kind choice has choices."), "choices")

    @validates_schema
    def _bounds_fit(self, data: dict[str, Any], **_: Any) -> None:
        low, high = data["low"], data["high"]
        if (low is not None or high is not None) and data["kind"] not in BOUNDED:
            raise ValidationError(N_("Only numbers, scales and money have a lowest and a highest value."), "low")
        if low is not None and high is not None and low >= high:
            raise ValidationError(N_("The lowest value has to be below the highest."), "low")
        if data["kind"] == QuestionKind.SCALE.value and not (0 < _steps(low, high) <= _LONGEST_SCALE):
            raise ValidationError(N_("A scale needs low and high: whole numbers, at most 20 apart."), "low")


def _steps(low: Decimal | None, high: Decimal | None) -> int:
    whole = low is not None and high is not None and low == int(low) and high == int(high)
    return int(high - low) if whole and low is not None and high is not None else 0
