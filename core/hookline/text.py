"""Texts that are translated where they are shown, not where they are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def N_(message: str) -> str:  # the name that gettext's extractors know
    """Mark a message id for translation and hand it back unchanged."""
    return message


def fill(message: str, params: Mapping[str, object]) -> str:
    """The message with "%(name)s" filled in; left as it is where there is nothing to fill in."""
    return message % params if params else message


@dataclass(frozen=True)
class Said:
    """A sentence that stands within another text: a message id and what to fill in. In English where it is printed."""

    message_id: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return fill(self.message_id, self.params)


class Sentences(tuple[Said, ...]):
    """Several of them, one after the other."""

    def __str__(self) -> str:
        return " ".join(str(said) for said in self)


def translate(message: str, params: Mapping[str, object], gettext: Callable[[str], str]) -> str:
    """The message filled in, in the language of `gettext`, and so what is said within it."""

    def inner(value: object) -> object:
        if isinstance(value, Said):
            return translate(value.message_id, value.params, gettext)
        return " ".join(str(inner(said)) for said in value) if isinstance(value, Sentences) else value

    return fill(gettext(message), {name: inner(value) for name, value in params.items()})
