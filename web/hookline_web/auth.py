"""Browser sessions: who is logged in, until when, and that he still may be.

The signed cookie carries the user's id, the session version he logged in with and the moment the session ends. It is
held against the database at each request: deactivation and a new password end every session at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import session

from hookline.bootstrap import Runtime
from hookline.db.models import User
from hookline.errors import NotFound

_USER, _VERSION, _ENDS = "user_id", "session_version", "ends_at"


@dataclass(frozen=True)
class Login:
    """What a session cookie claims."""

    user_id: int
    session_version: int
    ends_at: datetime


def log_in(runtime: Runtime, user: User) -> None:
    """Begin a session in a fresh cookie. It ends `session_hours` from now, used or not."""
    session.clear()
    session[_USER] = user.id
    session[_VERSION] = user.session_version
    session[_ENDS] = (runtime.clock.now() + timedelta(hours=runtime.settings.session_hours)).isoformat()


def log_out() -> None:
    """End this browser's session."""
    session.clear()


def current_login() -> Login | None:
    """What the request's cookie claims, unchecked; None without a log-in."""
    try:
        return Login(session[_USER], session[_VERSION], datetime.fromisoformat(session[_ENDS]))
    except (KeyError, TypeError, ValueError):
        return None


def still_valid(runtime: Runtime, login: Login) -> User | None:
    """The user, if the session has not ended and he is active and has not changed his password since."""
    if runtime.clock.now() >= login.ends_at:
        return None
    try:
        user = runtime.identity.get_user(login.user_id)
    except NotFound:
        return None
    return user if user.active and user.session_version == login.session_version else None
