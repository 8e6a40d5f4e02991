"""The addresses that stations may have: exactly what phones are named by, nothing that could steer signalling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.errors import InvalidInput
from hookline.services.stations import sip_address


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("agent1@192.0.2.10", "sip:agent1@192.0.2.10"),
        ("sip:agent1@192.0.2.10:5060", "sip:agent1@192.0.2.10:5060"),
        ("sip:+48221234567@PBX.Example.com", "sip:+48221234567@pbx.example.com"),
        ("  sip:a.b_c-d@localhost:05070 ", "sip:a.b_c-d@localhost:5070"),
    ],
)
def test_addresses_are_kept_in_their_full_form(typed: str, stored: str) -> None:
    assert sip_address(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "", "sip:", "sip:@host", "sip:agent1@", "192.0.2.10", "tel:+48221234567", "sips:agent1@host",
        "sip:a:secret@host", "sip:a@host;transport=tcp", "sip:a@host?Subject=x", "sip:a@host:0", "sip:a@host:65536",
        "sip:a@host:", "sip:a b@host", "sip:a@ho st", "sip:a@192.0.2.256", "sip:a@192.0.2", "sip:a@-host",
        "sip:a@host-",
        "sip:a@host..com", "sip:a@[::1]", "<sip:a@host>", '"A" <sip:a@host>', "sip:a@host\r\nVia: x", "sip:ą@host",
        "sip:a@b@c", "sip:" + "a" * 65 + "@host",
    ],
)  # fmt: skip
def test_anything_else_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        sip_address(typed)
    assert refused.value.fields["address"]


@given(st.text(max_size=60))
def test_whatever_is_taken_carries_no_odd_character(typed: str) -> None:
    try:
        address = sip_address(typed)
    except InvalidInput:
        return
    assert address.startswith("sip:")
    assert address.isascii()
    assert not set(address) & set(" \t\r\n<>\"';?,&=%/\\")
    assert sip_address(address) == address
