"""Nothing unchecked reaches the signalling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline_telephony_sip.addresses import custom_headers, dtmf_digits, station_uri
from hookline_telephony_sip.errors import InvalidSipValue
from hookline_telephony_sip.trunk import NumberFormat, Trunk

ODD = ["", " ", "a b", "a\r\nX: y", "<sip:a@b>", 'a"b', "a;tag=1", "a?b=c", "ą@b", "a@b@c", "\x00", "a,b", "%0d%0a"]


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("sip:agent1@127.0.0.1:5071", "sip:agent1@127.0.0.1:5071"),
        ("agent1@phones.example.com", "sip:agent1@phones.example.com"),
        ("+48221@10.0.0.1", "sip:+48221@10.0.0.1"),
        ("sip:*9#@10.0.0.1:05060", "sip:*9%23@10.0.0.1:5060"),
    ],
)
def test_a_station_may_be_written_with_or_without_its_scheme(address: str, uri: str) -> None:
    assert station_uri(address) == uri


@pytest.mark.parametrize(
    "address",
    [*ODD, "agent1", "sips:a@b", "tel:+48221", "a@b:0", "a@b:65536", "a@b:port", "a@-b", "a@b c", "a@b;lr", "a@[::1]"],
)
def test_what_is_no_station_is_refused_with_advice(address: str) -> None:
    with pytest.raises(InvalidSipValue) as caught:
        station_uri(address)
    assert caught.value.advice
    assert not caught.value.retryable


@given(st.text(max_size=60))
def test_no_text_becomes_more_than_one_uri(text: str) -> None:
    try:
        uri = station_uri(text)
    except InvalidSipValue:
        return
    assert not set(uri) & set('\r\n\t <>"?;,\x00')
    assert uri.count("@") == 1


def test_headers_get_their_prefix_once() -> None:
    headers = custom_headers({"Campaign": "7", "x-hookline-contact": "a b"})
    assert headers == {"X-Hookline-Campaign": "7", "x-hookline-contact": "a b"}


@pytest.mark.parametrize("odd", ["a\r\nVia: x", "a\nb", "zażółć", "<a>", "", "x" * 201, "a\x00"])
def test_a_header_that_could_break_out_is_refused(odd: str) -> None:
    with pytest.raises(InvalidSipValue):
        custom_headers({"Campaign": odd})
    with pytest.raises(InvalidSipValue):
        custom_headers({odd: "7"})


@pytest.mark.parametrize("digits", ["", "12a", "1 2", "E", "1" * 33, "1\n"])
def test_what_is_on_no_keypad_is_refused(digits: str) -> None:
    with pytest.raises(InvalidSipValue):
        dtmf_digits(digits)


def test_a_trunk_writes_numbers_as_its_carrier_wants_them() -> None:
    trunk = Trunk(id=1, name="carrier", host="sip.example.com", caller_id="+48221000000")
    assert trunk.request_uri("+48600100100") == "sip:+48600100100@sip.example.com:5060"
    assert trunk.from_uri("") == "sip:+48221000000@sip.example.com"
    assert trunk.from_uri("+48223334455") == "sip:+48223334455@sip.example.com"
    plain = Trunk(id=1, name="carrier", host="192.0.2.1", port=5080, number_format=NumberFormat.PLAIN)
    assert plain.request_uri("+48600100100") == "sip:48600100100@192.0.2.1:5080"
    assert plain.from_uri("") == "sip:anonymous@192.0.2.1"


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_number_caller_id_or_host_is_refused(odd: str) -> None:
    trunk = Trunk(id=1, name="carrier", host="sip.example.com")
    with pytest.raises(InvalidSipValue):
        trunk.request_uri(odd)
    with pytest.raises(InvalidSipValue):
        trunk.from_uri(odd or " ")
    with pytest.raises(InvalidSipValue):
        Trunk(id=1, name="carrier", host=odd).request_uri("+48600100100")


def test_a_password_is_not_shown() -> None:
    assert "hunter2" not in repr(Trunk(id=1, name="carrier", host="h", username="u", password="hunter2"))
