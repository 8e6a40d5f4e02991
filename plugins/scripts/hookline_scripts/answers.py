"""Checks an answer against its question and brings it into the one form that is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

from marshmallow import ValidationError, validate

from hookline.domain.scripts import QuestionKind
from hookline.errors import InvalidInput
from hookline.services.phones import InvalidPhone, normalise
from hookline.text import N_
from hookline_scripts.graph.model import QuestionSource
from hookline_scripts.graph.values import SEPARATOR

_MAX_CHARACTERS = 4000
_MAX_EXPONENT = 15


class WrongAnswer(InvalidInput):
    """The value does not fit the question; nothing was kept."""

    id = "wrong-answer"

    def __init__(self, question: str, message: str, params: dict[str, object] | None = None) -> None:
        super().__init__(message, N_("The answer was not kept; mend it."), params=params)
        self.fields = {question: [self.message]}


def clean_answer(question: QuestionSource, value: str, country: str = "PL") -> str:
    """The value as it is stored: numbers with a point, dates as YYYY-MM-DD, "yes" or "no". "" takes an answer back.

    `country` (ISO 3166): whose numbers those without an international prefix are. Raises WrongAnswer.
    """
    value = value.strip()
    if not value:
        return ""
    if question.kind is QuestionKind.PHONE:
        return _phone(question, value, country)
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


def _choices(question: QuestionSource, value: str) -> str:
    chosen = {part.strip() for part in value.split(SEPARATOR.strip()) if part.strip()}
    if not chosen <= set(question.choices):
        raise WrongAnswer(question.key, N_("This is none of the choices."))
    return SEPARATOR.join(choice for choice in question.choices if choice in chosen)


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
    if question.low is not None and number < question.low:
        raise WrongAnswer(question.key, N_("The lowest value is %(low)s."), {"low": question.low})
    if question.high is not None and number > question.high:
        raise WrongAnswer(question.key, N_("The highest value is %(high)s."), {"high": question.high})
    return f"{number:f}"


def _scale(question: QuestionSource, value: str) -> str:
    number = Decimal(_number(question, value))
    if number != int(number):
        raise WrongAnswer(question.key, N_("A whole number is expected here."))
    return str(int(number))


def _money(question: QuestionSource, value: str) -> str:
    # "120 zł" and "PLN 120" are what people type where the currency is known.
    amount = value.replace("zł", "").replace(question.unit, "") if question.unit else value.replace("zł", "")
    number = Decimal(_number(question, amount))
    if number != round(number, 2):
        raise WrongAnswer(question.key, N_("An amount has two decimal places at most."))
    return f"{number:.2f}"


def _date(question: QuestionSource, value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise WrongAnswer(question.key, N_("A date is expected here, such as 2025-03-31.")) from None


def _phone(question: QuestionSource, value: str, country: str) -> str:
    try:
        return normalise(value, country).e164
    except InvalidPhone as error:
        raise WrongAnswer(question.key, error.message_id, error.params) from error


def _email(question: QuestionSource, value: str) -> str:
    try:
        return validate.Email()(value)
    except ValidationError:
        raise WrongAnswer(question.key, N_("An e-mail address is expected here, such as anna@example.com.")) from None


_CLEANERS: dict[QuestionKind, Callable[[QuestionSource, str], str]] = {
    QuestionKind.TEXT: _text,
    QuestionKind.CHOICE: _choice,
    QuestionKind.MULTI_CHOICE: _choices,
    QuestionKind.YES_NO: _yes_no,
    QuestionKind.NUMBER: _number,
    QuestionKind.SCALE: _scale,
    QuestionKind.MONEY: _money,
    QuestionKind.DATE: _date,
    QuestionKind.EMAIL: _email,
}
