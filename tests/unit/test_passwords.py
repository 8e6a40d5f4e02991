"""Passwords are hashed as they should be; tests hash them cheaply (see conftest)."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from hookline.errors import InvalidInput
from hookline.services.passwords import hash_password, matches


def test_hashing_costs_an_attacker_as_much_as_is_advised(real_hasher: PasswordHasher) -> None:
    used = extract_parameters(real_hasher.hash("correct horse battery"))
    assert used.type is Type.ID
    # RFC 9106, section 4, the second recommended option: 64 MiB, three passes.
    assert used.memory_cost >= 64 * 1024
    assert used.time_cost >= 3


def test_only_the_password_itself_matches() -> None:
    stored = hash_password("correct horse battery")
    assert matches("correct horse battery", stored)
    assert not matches("correct horse batterz", stored)
    assert not matches("nobody has this password", None)
    assert not matches("correct horse battery", "no hash at all")


def test_a_short_password_is_refused() -> None:
    with pytest.raises(InvalidInput):
        hash_password("too short")
