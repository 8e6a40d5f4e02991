"""The far end's parsers: what they read, and that no bytes at all make them raise anything but their own error."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline_telephony_sip.far_end import sdp
from hookline_telephony_sip.far_end.auth import Gatekeeper, Login
from hookline_telephony_sip.far_end.dialog import Dialog, mark_via, reply
from hookline_telephony_sip.far_end.errors import NoCommonCodec
from hookline_telephony_sip.far_end.rtp import parse_rtp
from hookline_telephony_sip.sip.addresses import (
    parse_name_addr,
    parse_uri,
    parse_via,
    split_values,
)
from hookline_telephony_sip.sip.errors import MalformedMessage
from hookline_telephony_sip.sip.messages import Request, Response, parse_message

INVITE = (
    b"INVITE sip:+48600100100@127.0.0.1:5060 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5071;branch=z9hG4bKabc;rport\r\n"
    b'From: "Smith, \xc5\x81ukasz" <sip:1000@127.0.0.1>;tag=77\r\n'
    b"To: <sip:+48600100100@127.0.0.1>\r\n"
    b"i: call@127.0.0.1\r\n"
    b"CSeq: 4 INVITE\r\n"
    b"Contact: <sip:1000@127.0.0.1:5071>\r\n"
    b"X-Campaign: spring\r\n  sale\r\n"
    b"Content-Length: 4\r\n\r\nbodyrest"
)
OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=video 5000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    b"m=audio 4000 RTP/AVP 96 8 0 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"
    b"a=sendonly\r\n"
)


def test_a_request_is_read_with_compact_and_folded_headers() -> None:
    request = parse_message(INVITE)
    assert isinstance(request, Request)
    assert (request.method, request.uri) == ("INVITE", "sip:+48600100100@127.0.0.1:5060")
    assert (request.call_id, request.cseq, request.cseq_method) == ("call@127.0.0.1", 4, "INVITE")
    assert request.headers.first("x-campaign") == "spring sale"
    assert request.body == b"body"


def test_what_was_read_is_written_back_byte_for_byte_where_it_matters() -> None:
    raw = INVITE.replace(b"\xc5\x81ukasz", b"\xff\xfe")  # not UTF-8
    request = parse_message(raw)
    assert b'From: "Smith, \xff\xfe" <sip:1000@127.0.0.1>;tag=77\r\n' in request.to_bytes()
    assert isinstance(request, Request)
    again = parse_message(reply(request, ("127.0.0.1", 5071), 486, to_tag="x").to_bytes())
    assert isinstance(again, Response)
    assert (again.status, parse_name_addr(again.headers.first("To")).tag) == (486, "x")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"SIP/2.0\r\nv:", b"SIP/3.0\r\nv:"),
        (b"CSeq: 4 INVITE", b"CSeq: 4 BYE"),
        (b"CSeq: 4 INVITE", b"CSeq: -4 INVITE"),
        (b"CSeq: 4 INVITE", b"CSeq: 99999999999 INVITE"),
        (b"CSeq: 4 INVITE", b"CSeq: \xc2\xb2 INVITE"),
        (b"CSeq: 4 INVITE\r\n", b""),
        (b"Content-Length: 4", b"Content-Length: 400"),
        (b"Content-Length: 4", b"Content-Length: -1"),
        (b"Content-Length: 4", b"Content-Length: 4\r\nl: 5"),
        (b"i: call", b"i: ca\x00ll"),
        (b"X-Campaign:", b"X Campaign:"),
        (b"X-Campaign: spring", b"no colon here"),
        (b"\r\n\r\n", b"\r\n"),
    ],
)
def test_an_ill_formed_message_is_refused(old: bytes, new: bytes) -> None:
    assert old in INVITE
    with pytest.raises(MalformedMessage):
        parse_message(INVITE.replace(old, new))


def test_addresses_are_read() -> None:
    assert parse_uri("sip:%2B48600;cpc=x:secret@[::1]:5070;transport=udp?a=b").user == "+48600"
    assert parse_uri("sip:anna@127.0.0.1:5070;lr").port == 5070
    assert parse_uri("tel:+48-600-100;ext=1").user == "+48-600-100"
    address = parse_name_addr('"a <b> \\" ; c" <sip:x@y;lr>;tag=9')
    assert (address.uri, address.tag) == ("sip:x@y;lr", "9")
    assert split_values('<sip:a,b@c>, "d,e" <sip:f>;x') == ["<sip:a,b@c>", '"d,e" <sip:f>;x']
    via = parse_via("SIP / 2.0 / UDP host : 5070 ; branch = z9hG4bK1, SIP/2.0/UDP other")
    assert (via.host, via.port, via.branch) == ("host", 5070, "z9hG4bK1")


def test_the_topmost_via_tells_where_a_request_came_from() -> None:
    marked = mark_via("SIP/2.0/UDP pc;rport;branch=z1, SIP/2.0/UDP far", ("127.0.0.1", 99))
    assert marked == "SIP/2.0/UDP pc;branch=z1;received=127.0.0.1;rport=99, SIP/2.0/UDP far"
    assert mark_via("SIP/2.0/UDP 127.0.0.1;branch=z1", ("127.0.0.1", 99)) == "SIP/2.0/UDP 127.0.0.1;branch=z1"


def test_a_request_of_ours_follows_the_route_but_never_leaves_loopback() -> None:
    routed = INVITE.replace(b"X-Campaign", b"Record-Route: <sip:127.0.0.2:5080;lr>, <sip:second;lr>\r\nX-Campaign")
    invite = parse_message(routed)
    assert isinstance(invite, Request)
    bye, hop = Dialog(invite, ("127.0.0.1", 5071), ("127.0.0.1", 5060)).request("BYE")
    assert hop == ("127.0.0.2", 5080)
    assert bye.headers.every("Route") == ["<sip:127.0.0.2:5080;lr>", "<sip:second;lr>"]
    assert bye.uri == "sip:1000@127.0.0.1:5071"
    elsewhere = parse_message(INVITE.replace(b"Contact: <sip:1000@127.0.0.1:5071>", b"Contact: <sip:1000@192.0.2.1>"))
    assert isinstance(elsewhere, Request)
    assert Dialog(elsewhere, ("127.0.0.1", 5071), ("127.0.0.1", 5060)).request("BYE")[1] == ("127.0.0.1", 5071)


def test_an_offer_is_answered_line_by_line() -> None:
    agreement = sdp.agree(OFFER)
    assert (agreement.host, agreement.port, agreement.payload_type) == ("127.0.0.1", 4000, 8)
    assert (agreement.event_type, agreement.direction, agreement.on_hold) == (101, "recvonly", True)
    answer = sdp.write_answer(agreement, "127.0.0.1", 6000, 2).decode()
    assert "m=video 0 RTP/AVP 96\r\nm=audio 6000 RTP/AVP 8 101\r\n" in answer
    assert "a=recvonly" in answer
    assert sdp.agree(answer.encode().replace(b"recvonly", b"sendrecv")).payload_type == 8


def test_hold_of_the_old_kind_is_hold() -> None:
    old = OFFER.replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 0.0.0.0").replace(b"a=sendonly\r\n", b"")
    assert sdp.agree(old).on_hold


@pytest.mark.parametrize(
    ("old", "new"), [(b"8 0 101", b"101"), (b"audio 4000", b"audio 0"), (b"RTP/AVP 96 8", b"RTP/SAVP 96 8")]
)
def test_an_offer_without_usable_audio_has_no_answer(old: bytes, new: bytes) -> None:
    with pytest.raises(NoCommonCodec):
        sdp.agree(OFFER.replace(old, new))


def test_rtp_with_extension_and_padding_is_read() -> None:
    head = bytes([0x80 | 0x20 | 0x10 | 1, 8]) + b"\0\1" + b"\0\0\0\5" + b"ssrc"
    packet = head + b"csrc" + b"\0\0\0\1" + b"exte" + b"audio" + b"\0\2"
    assert parse_rtp(packet) == (8, 5, b"audio")
    assert parse_rtp(b"\x00" * 20) is None


def mutated(base: bytes) -> st.SearchStrategy[bytes]:
    """The base with some places overwritten, cut or doubled."""
    edit = st.tuples(st.integers(0, len(base)), st.integers(0, 12), st.binary(max_size=12))

    def apply(edits: list[tuple[int, int, bytes]]) -> bytes:
        data = base
        for place, length, new in edits:
            data = data[:place] + new + data[place + length :]
        return data

    return st.lists(edit, min_size=1, max_size=4).map(apply)


@given(st.one_of(st.binary(max_size=400), mutated(INVITE)))
def test_no_bytes_make_the_message_parser_raise_another_error(data: bytes) -> None:
    with contextlib.suppress(MalformedMessage):
        message = parse_message(data)
        assert message.cseq >= 0
        parse_message(message.to_bytes())  # what it accepts it can write and read again


@given(
    st.one_of(st.text(max_size=80), mutated(b'"A" <sip:a@b:5060;lr>;tag=1, x').map(lambda raw: raw.decode("latin-1")))
)
def test_no_text_makes_the_address_parsers_raise_another_error(text: str) -> None:
    for parse in (parse_uri, parse_name_addr, parse_via):
        with contextlib.suppress(MalformedMessage):
            parse(text)
    assert "".join(",".join(split_values(text)).split()) == "".join(text.split())


@given(st.one_of(st.binary(max_size=300), mutated(OFFER)))
def test_no_bytes_make_the_sdp_parser_raise_another_error(data: bytes) -> None:
    with contextlib.suppress(MalformedMessage, NoCommonCodec):
        agreement = sdp.agree(data)
        assert agreement.payload_type in (0, 8)
        sdp.parse_sdp(sdp.write_answer(agreement, "127.0.0.1", 4000, 1))


@given(st.binary(max_size=60))
def test_no_bytes_make_the_rtp_parser_raise(data: bytes) -> None:
    parsed = parse_rtp(data)
    assert parsed is None or len(parsed[2]) <= len(data)


@given(st.text(alphabet=st.characters(exclude_characters="\r\n\0"), max_size=120))
def test_no_authorization_gets_past_the_gatekeeper_by_chance(text: str) -> None:
    request = parse_message(INVITE)
    assert isinstance(request, Request)
    request.headers.add("Proxy-Authorization", f'Digest username="u", {text}')
    challenge = Gatekeeper(Login(username="u", password="p")).challenge(request)
    assert challenge is not None
    assert challenge[0] == 407
