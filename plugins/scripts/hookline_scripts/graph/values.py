"""Answers and fields as the typed values that conditions compare."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from hookline.domain.scripts import QuestionKind, ScriptContext
from hookline_scripts.graph.conditions import Value
from hookline_scripts.graph.model import ScriptSource

#: Between the choices of a multi-choice, as it is kept.
SEPARATOR = "; "
_NUMBERS = (QuestionKind.NUMBER, QuestionKind.SCALE, QuestionKind.MONEY)


def typed(kind: QuestionKind, kept: str) -> Value:
    """An answer as kept, in the type of its question; None: not answered."""
    if not kept:
        return None
    if kind in _NUMBERS:
        return number_of(kept)
    if kind is QuestionKind.DATE:
        return date_of(kept)
    return tuple(kept.split(SEPARATOR)) if kind is QuestionKind.MULTI_CHOICE else kept


def number_of(text: str) -> Decimal | None:
    """The number, or None where it is none."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def date_of(text: str) -> date | None:
    """The date, or None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def all_values(
    source: ScriptSource,
    context: ScriptContext,
    answers: Mapping[str, str],
    variables: Mapping[str, Value],
    today: date,
) -> dict[str, Value]:
    """Every field by its full name, as conditions see it."""
    values: dict[str, Value] = {"today": today}
    for group, fields in (("contact", context.contact), ("campaign", context.campaign), ("agent", context.agent)):
        for name, text in fields.items():
            full = f"contact.custom.{name.removeprefix('custom_')}" if name.startswith("custom_") else f"{group}.{name}"
            values[full] = text or None
    for key, kept in answers.items():
        asked = source.question(key)
        values[f"answers.{key}"] = typed(asked.kind, kept) if asked else kept
    values.update((f"vars.{name}", value) for name, value in variables.items())
    return values


def as_text(value: Value) -> str:
    """How a value is shown and kept: numbers plain, yes and no as answers have them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return SEPARATOR.join(value) if isinstance(value, tuple) else str(value)
