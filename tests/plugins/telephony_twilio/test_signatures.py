"""Only what Twilio signed, for the address it called and with the body that came, is believed."""

from __future__ import annotations

from hashlib import sha256

import pytest
from twilio.request_validator import RequestValidator

from hookline_telephony_twilio.provider.signature import is_genuine, signed_address

TOKEN = "a" * 32
PUBLIC = "https://calls.example.com"
FORM = {"CallSid": ["CA1"], "Digits": ["1"], "MediaUrl": ["b", "a"]}


class Fields(dict[str, list[str]]):
    def getlist(self, name: str) -> list[str]:
        return self[name]


def signature(address: str, form: dict[str, list[str]] | None = None, token: str = TOKEN, algorithm: str = "") -> str:
    return str(RequestValidator(token).compute_signature(address, Fields(form or {}), algorithm or None))


def test_a_signed_form_is_believed_also_with_repeated_names_and_encoded_paths() -> None:
    address = signed_address(f"{PUBLIC}/", "/p/telephony_twilio/voice/1?done=%C4%85%2Fb")
    assert address == f"{PUBLIC}/p/telephony_twilio/voice/1?done=%C4%85%2Fb"
    assert is_genuine(TOKEN, address, signature=signature(address, FORM), form=FORM)


def test_the_newer_algorithm_is_believed_where_its_header_says_so() -> None:
    signed = signature(PUBLIC, FORM, algorithm="HMAC_SHA256")
    header = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    assert is_genuine(TOKEN, PUBLIC, signature=signed, settings_header=header, form=FORM)
    assert not is_genuine(TOKEN, PUBLIC, signature=signed, form=FORM)
    assert not is_genuine(TOKEN, PUBLIC, signature=signed, settings_header="algorithm=NONE", form=FORM)


@pytest.mark.parametrize(
    ("address", "form", "token"),
    [
        ("https://evil.example.com", FORM, TOKEN),
        (f"{PUBLIC}?step=2", FORM, TOKEN),
        (PUBLIC, {**FORM, "Digits": ["2"]}, TOKEN),
        (PUBLIC, {**FORM, "More": ["1"]}, TOKEN),
        (PUBLIC, FORM, "b" * 32),
    ],
)
def test_what_was_signed_otherwise_is_not(address: str, form: dict[str, list[str]], token: str) -> None:
    assert not is_genuine(token, address, signature=signature(PUBLIC, FORM), form=form)


def test_no_token_and_no_signature_let_nobody_in() -> None:
    assert not is_genuine("", PUBLIC, signature=signature(PUBLIC, FORM, token=""), form=FORM)
    assert not is_genuine(TOKEN, PUBLIC, signature="", form=FORM)


def test_a_body_that_is_no_form_must_have_the_hash_that_was_signed() -> None:
    body = b'{"CallSid": "CA1"}'
    address = f"{PUBLIC}/p?bodySHA256={sha256(body).hexdigest()}"
    signed = signature(address)
    assert is_genuine(TOKEN, address, signature=signed, body=body)
    assert not is_genuine(TOKEN, address, signature=signed, body=body + b" ")
    assert not is_genuine(TOKEN, PUBLIC, signature=signature(PUBLIC), body=body), "nothing says which body it was"
