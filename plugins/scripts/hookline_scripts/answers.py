"""Checks an answer against its question and brings it into the one form that is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

from hookline.domain.scripts import QuestionKind
from hookline.errors import InvalidInput
from hookline.text import N_
from hookline_scripts.format import QuestionSource

_MAX_CHARACTERS = 4000
_MAX_EXPONENT = 15


class WrongAnswer(InvalidInput):
    """The value does not fit the question; nothing was kept."""

    id = "wrong-answer"

    def __init__(self, question: str, message: str, params: dict[str, object] | None = None) -> None:
        super().__init__(message, N_("The answer was not kept; mend it."), params=params)
        self.fields = {question: [self.message]}


def clean_answer(question: QuestionSource, value: str) -> str:
    """The value as it is stored: numbers with a point, dates as YYYY-MM-DD, "yes" or "no". "" takes an answer back.

    Raises WrongAnswer.
    """
    value = value.strip()
    if not value:
        return ""
    return _CLEANERS[question.kind](question, value)


def _text(question: QuestionSource, value: str) -> str:
    if len(value) > _MAX_CHARACTERS:
        raise WrongAnswer(
            question.key, N_("An answer may have %(limit)s characters at most."), {"limit": _MAX_CHARACTERS}
        )
    return value.replace("\x00", "")


def _choice(question: QuestionSource, value: str) -> str:
    if value not in question.choices:
        raise WrongAnswer(question.key, N_("This is none of the choices."))
    return value


def _yes_no(question: QuestionSource, value: str) -> str:
    if value not in ("yes", "no"):
        raise WrongAnswer(question.key, N_("The answer is yes or no."))
    return value


def _number(question: QuestionSource, value: str) -> str:
    spaceless = "".join(value.split()).replace(",", ".")
    try:
        number = Decimal(spaceless)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > _MAX_EXPONENT:
        raise WrongAnswer(question.key, N_("A number is expected here."))
    return f"{number:f}"


def _date(question: QuestionSource, value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise WrongAnswer(question.key, N_("A date is expected here, such as 2025-03-31.")) from None


_CLEANERS: dict[QuestionKind, Callable[[QuestionSource, str], str]] = {
    QuestionKind.TEXT: _text,
    QuestionKind.CHOICE: _choice,
    QuestionKind.YES_NO: _yes_no,
    QuestionKind.NUMBER: _number,
    QuestionKind.DATE: _date,
}
