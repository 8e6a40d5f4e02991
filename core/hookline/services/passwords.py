"""Passwords: argon2id hashes, checked in constant time whether or not the user exists."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from hookline.errors import InvalidInput
from hookline.text import N_

MINIMUM_LENGTH = 10
_hasher = PasswordHasher()
#: Compared against when the login is unknown, so that the answer takes as long.
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The argon2id hash; raises InvalidInput for a password shorter than ten characters."""
    if len(password) < MINIMUM_LENGTH:
        advice = N_("Use at least 10 characters.")
        raise InvalidInput(N_("The password is too short."), advice, {"password": [advice]})
    return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether the password is the one that was hashed; None (no such user) never matches, and takes as long."""
    try:
        return _hasher.verify(stored or _NOBODY, password) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False
