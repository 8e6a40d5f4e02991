"""What comes in: signed by whom it says, just now, and not too large."""

from __future__ import annotations

import hashlib
import hmac
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline import webhook_in, webhook_signature
from hookline.testing.clock import START, VirtualClock
from hookline.webhook_in import WebhookRefused, WebhookTooLarge

SECRET = "whsec_of-a-test"
BODY = b'{"id": "order-1"}'
NOW = int(START.timestamp())


def _signed(body: bytes = BODY, secret: str = SECRET, at: int = NOW) -> str:
    return f"t={at},v1={hmac.new(secret.encode(), str(at).encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def _verify(header: str, body: bytes = BODY, **options: object) -> object:
    return webhook_in.verify(
        body,
        {"Hookline-Signature": header},
        SECRET,
        clock=VirtualClock(),
        **options,  # type: ignore[arg-type]
    )


def test_a_signed_message_is_let_in() -> None:
    assert _verify(_signed()) == START


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=abc",
        f"t={NOW}",
        f"t={NOW},v1=",
        f"t={NOW},v1=zz",
        f"t={NOW},v1=żółć",
        f"t={NOW},t={NOW},v1=aa",
        "t=soon,v1=aa",
        f"t=-{NOW},v1=aa",
        "t=9999999999999,v1=aa",
        "t=١٢٣,v1=aa",
        _signed(secret="another"),
        _signed(body=b"another"),
        _signed().replace("v1=", "v0="),
        f"t={NOW}," + ",".join(["v1=aa"] * 11),
    ],
)
def test_any_other_message_is_refused(header: str) -> None:
    with pytest.raises(WebhookRefused):
        _verify(header)


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_a_fresh_message_is_let_in(late: int) -> None:
    assert _verify(_signed(at=NOW + late))


@pytest.mark.parametrize("late", [-301, 301, -86_400])
def test_an_old_message_sent_again_is_refused(late: int) -> None:
    with pytest.raises(WebhookRefused, match="too long ago"):
        _verify(_signed(at=NOW + late))


def test_the_moment_cannot_be_changed_without_the_secret() -> None:
    old = _signed(at=NOW - 1000)
    with pytest.raises(WebhookRefused, match="does not fit"):
        _verify(old.replace(f"t={NOW - 1000}", f"t={NOW}"))


def test_while_a_secret_is_changed_both_are_let_in() -> None:
    header = webhook_signature.header(["old", SECRET], NOW, BODY)
    assert _verify(header)
    for known in (["new", SECRET], [SECRET, "new"]):
        headers = {"hookline-signature": _signed()}
        assert webhook_in.verify(BODY, headers, known, clock=VirtualClock()) == START


def test_a_sender_may_name_its_header_otherwise() -> None:
    headers = {"ACME-SIGNATURE": _signed()}
    assert webhook_in.verify(BODY, headers, SECRET, clock=VirtualClock(), header="Acme-Signature") == START


@pytest.mark.parametrize("secret", ["", [], ["good", ""]])
def test_an_empty_secret_is_a_mistake_of_the_plugin(secret: str | list[str]) -> None:
    with pytest.raises(ValueError, match="empty secret"):
        webhook_in.verify(BODY, {"Hookline-Signature": _signed(secret="")}, secret, clock=VirtualClock())


def test_a_large_message_is_refused_before_anything_is_computed() -> None:
    with pytest.raises(WebhookTooLarge) as refused:
        _verify(_signed(), max_bytes=len(BODY) - 1)
    assert refused.value.status == 413
    assert _verify(_signed(), max_bytes=len(BODY))


def test_of_a_large_body_no_more_is_read_than_tells_that_it_is_large() -> None:
    stream = io.BytesIO(b"x" * 10_000)
    with pytest.raises(WebhookTooLarge):
        webhook_in.read_body(stream, max_bytes=100)
    assert stream.tell() == 101


@given(st.binary(max_size=200), st.integers(1, 300))
def test_a_body_that_is_small_enough_is_read_whole(body: bytes, most: int) -> None:
    if len(body) > most:
        with pytest.raises(WebhookTooLarge):
            webhook_in.read_body(io.BytesIO(body), max_bytes=most)
    else:
        assert webhook_in.read_body(io.BytesIO(body), max_bytes=most) == body


@given(body=st.binary(), secret=st.text(min_size=1).filter(lambda s: s.isprintable()), at=st.integers(0, 2**33))
def test_what_is_signed_fits_and_what_is_changed_does_not(body: bytes, secret: str, at: int) -> None:
    signature = webhook_signature.parse(webhook_signature.header([secret], at, body))
    assert signature is not None
    assert webhook_signature.fits(signature, secret, body)
    assert not webhook_signature.fits(signature, secret, body + b"x")
    assert not webhook_signature.fits(signature, secret + "x", body)


@given(st.text())
def test_any_header_is_read_or_refused(header: str) -> None:
    with pytest.raises(WebhookRefused):
        _verify(header)
