"""Passwords for tests: hashed with next to no work, since real hashing is slow on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher

from hookline.services import passwords


@contextmanager
def cheaply_hashed() -> Iterator[PasswordHasher]:
    """Hash cheaply inside the block; what is handed out is the hasher as it is outside of tests."""
    real, nobody = passwords._hasher, passwords._NOBODY
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._NOBODY = passwords._hasher.hash("nobody has this password")
    try:
        yield real
    finally:
        passwords._hasher, passwords._NOBODY = real, nobody
