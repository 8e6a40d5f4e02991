"""Errors that a person gets to read: what happened, what it means, what to do. Each class has a stable id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from hookline.text import fill


class HooklineError(Exception):
    """Base of every error that is shown to somebody.

    `id` is stable and may be relied on by API clients; `message` says what happened, `advice` what to do. Both are
    message ids for translation, with `params` filled in as "%(name)s"; write them inside `N_()` so that they are found.
    """

    id: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(self, message: str, advice: str = "", *, params: Mapping[str, object] | None = None) -> None:
        super().__init__(message, advice)
        self.message_id = message
        self.advice_id = advice
        self.params = dict(params or {})

    @property
    def message(self) -> str:
        """What happened, in English."""
        return fill(self.message_id, self.params)

    @property
    def advice(self) -> str:
        """What to do, in English."""
        return fill(self.advice_id, self.params)

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


class NotFound(HooklineError):
    """The thing does not exist or is outside the caller's scope; the two are never told apart."""

    id = "not-found"
    status = 404


class NotPermitted(HooklineError):
    """The caller lacks the permission or grant for this act."""

    id = "not-permitted"
    status = 403


class InvalidInput(HooklineError):
    """Input was refused before anything was written. `fields` maps a field name to its messages."""

    id = "invalid-input"
    status = 422

    def __init__(
        self,
        message: str,
        advice: str = "",
        fields: dict[str, list[str]] | None = None,
        *,
        params: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, advice, params=params)
        self.fields = fields or {}


class Conflict(HooklineError):
    """The state of the thing does not allow this act now."""

    id = "conflict"
    status = 409


class Collision(Conflict):
    """Two wrote the same thing at the same moment, and the database let the other go first. Nothing was written."""

    id = "collision"


class NotConfigured(HooklineError):
    """Something an operator must set up first is missing."""

    id = "not-configured"
    status = 409
