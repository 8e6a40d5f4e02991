"""A real Kamailio, run as `hookline sip front` writes it."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hookline.bootstrap import Runtime
from hookline.errors import InvalidInput
from hookline.ports.telephony import CallOffered, HangupCause, LegAnswered, LegEnded
from hookline_telephony_sip.front_config import Front, write_front
from hookline_telephony_sip.phones import PhoneService, RegisteredPhone
from hookline_telephony_sip.ping import ping
from hookline_telephony_sip.trunk import Transport
from tests.plugins.telephony_sip.front_centre import REALM, SECRET, Centre
from tests.plugins.telephony_sip.inbound_caller import InboundCaller
from tests.plugins.telephony_sip.listener_desk import AGENT, CALLER
from tests.plugins.telephony_sip.sip_legs import trunk_to
from tests.plugins.telephony_sip.sipp_flood import SippFlood
from tests.plugins.telephony_sip.torture_messages import AT_THE_FRONT, answers

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    centre = Centre(tmp_path_factory.mktemp("kamailio"))
    yield centre
    centre.stop()


def _register(centre: Centre, secret: str) -> int:
    challenge = centre.ask("127.0.0.3", "REGISTER")
    assert challenge is not None
    assert challenge.status == 401
    asked = challenge.headers.first("WWW-Authenticate")
    nonce = re.findall(r'nonce="([^"]+)"', asked)[0]

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    uri = f"sip:{REALM}"
    proof = md5(f"{md5(f'anna:{REALM}:{secret}')}:{nonce}:00000001:c:auth:{md5(f'REGISTER:{uri}')}")
    qop = ', qop=auth, nc=00000001, cnonce="c"' if "qop" in asked else ""
    if not qop:
        proof = md5(f"{md5(f'anna:{REALM}:{secret}')}:{nonce}:{md5(f'REGISTER:{uri}')}")
    values = f'Digest username="anna", realm="{REALM}", nonce="{nonce}", uri="{uri}", response="{proof}"{qop}'
    answer = centre.ask("127.0.0.3", "REGISTER", extra=f"Authorization: {values}\r\n")
    assert answer is not None
    return answer.status


def test_a_phone_registers_with_its_secret_and_is_an_agents_station(centre: Centre) -> None:
    assert _register(centre, "guess") == 401
    assert _register(centre, SECRET) == 200
    agent = centre.station("desk", f"sip:anna@{REALM}")
    centre.wait(LegAnswered, agent)
    person = InboundCaller(centre.address, "+48700000001", "+48221000000", CALLER)
    offered = lambda: [event for event in centre.log.events if isinstance(event, CallOffered)]  # noqa: E731
    centre.until(offered, "the call comes in through the front")
    offer = offered()[0]
    assert (offer.number, offer.line) == ("+48700000001", "1")
    centre.backend.answer(offer.leg_id, "desk")
    centre.wait(LegAnswered, offer.leg_id)
    centre.backend.bridge("desk", agent, offer.leg_id)
    centre.until(lambda: person.hears_tone(AGENT), "the caller hears the agent")
    person.hang_up()
    assert centre.ended(offer.leg_id).cause is HangupCause.NORMAL
    customer = centre.call("desk")
    centre.wait(LegAnswered, customer)
    centre.backend.hang_up(customer)
    assert centre.ended(customer).cause is HangupCause.LOCAL
    centre.backend.close_conversation("desk")
    person.close()


def test_a_trunk_is_called_by_tls_and_its_certificate_must_hold(centre: Centre) -> None:
    centre.trunks = [centre.by_tls]
    leg = centre.call("by-tls", number="+48600100101")
    centre.wait(LegAnswered, leg)
    centre.backend.hang_up(leg)
    assert centre.ended(leg).cause is HangupCause.LOCAL
    centre.trunks = [centre.by_bad_tls, replace(centre.by_tls, dial_prefix="9")]
    leg = centre.call("by-the-next", number="+48600100102")
    centre.wait(LegAnswered, leg)
    centre.backend.hang_up(leg)
    centre.ended(leg)
    called = lambda: {str(call["to"]) for call in centre.far_end.control.history()}  # noqa: E731
    wanted = {"+48600100101", "9+48600100102"}
    centre.until(lambda: wanted <= called(), "both calls have come by TLS")
    assert "+48600100102" not in called(), "nothing is sent to whom nobody vouches for"
    for port, authorities, problem in (
        (centre.provider.good, str(centre.authorities), ""),
        (centre.provider.good, "", "certificate"),
        (centre.provider.bad, str(centre.authorities), "certificate"),
    ):
        assert ping("127.0.0.1", port, "127.0.0.1", "tls", authorities).problem == problem


def test_a_trunk_that_registers_is_told_the_fronts_public_address_by_the_front(centre: Centre) -> None:
    centre.until(lambda: centre.registrar.contacts, "the provider takes our registration")
    host, port = centre.address
    assert centre.registrar.contacts[0] == f"<sip:hookline@{host}:{port}>"
    assert centre.registrar.sources[0] == centre.address


def test_strangers_neither_call_nor_register_others(centre: Centre) -> None:
    for method, status in (("INVITE", 403), ("MESSAGE", 403)):
        answer = centre.ask("127.0.0.4", method)
        assert answer is not None
        assert answer.status == status
    assert centre.ask("127.0.0.4", "OPTIONS") is None
    unknown = centre.ask("127.0.0.4", "REGISTER", user="nobody")
    assert unknown is not None
    assert unknown.status == 401


def test_a_stranger_who_hammers_is_not_answered_any_more(centre: Centre) -> None:
    assert centre.ask("127.0.0.5", "REGISTER") is not None

    def refused() -> bool:
        centre.hammers("127.0.0.5")
        return centre.ask("127.0.0.5", "REGISTER") is None

    centre.until(refused, "the stranger is not answered")
    assert refused(), "and stays so while he goes on"
    assert centre.ask("127.0.0.6", "REGISTER") is not None


def test_a_trunk_that_floods_is_held_to_its_rate_and_everything_is_free_again(centre: Centre, tmp_path: Path) -> None:
    check_a_flood(centre, tmp_path, seconds=2)


@pytest.mark.long
def test_a_trunk_that_floods_for_long_is_held_to_its_rate(centre: Centre, tmp_path: Path) -> None:
    check_a_flood(centre, tmp_path, seconds=30)


def check_a_flood(centre: Centre, folder: Path, *, seconds: int) -> None:
    """150 calls a second by SIPp, from the trunk and from a stranger, while somebody talks."""
    person, leg = centre.talk()
    calls = 150 * seconds
    stranger = SippFlood(centre.address, "127.0.0.12", folder / "stranger", rate=150, calls=calls)
    trunk = SippFlood(centre.address, "127.0.0.1", folder / "trunk", rate=150, calls=calls)
    try:
        centre.until(lambda: trunk.over, "the flood is over", seconds=seconds + 20)
    finally:
        trunk.stop()
        stranger.stop()
    finals = trunk.finals()
    assert sum(finals.values()) == calls, finals
    assert finals[503] > calls / 2, finals
    assert 0 < finals[487] <= 30 * (seconds + 2), finals
    assert set(stranger.finals()) <= {403}, "no stranger rings"
    assert len(centre.offers()) - 1 <= finals[487] + len(centre.people), "and none is offered"
    offers = [offer.leg_id for offer in centre.offers() if offer.leg_id != leg]
    centre.until(lambda: all(centre.events(LegEnded, other) for other in offers), "every call has ended", seconds=5)
    person.forget()
    centre.until(lambda: person.hears_tone(AGENT), "the talk goes on")
    centre.until(centre.takes_calls, "calls come in as before", seconds=5)
    person.hang_up()
    assert centre.ended(leg).cause is HangupCause.NORMAL


def test_each_torture_message_is_answered_as_the_rfc_asks_and_a_talk_goes_on(centre: Centre) -> None:
    assert answers(centre, AT_THE_FRONT) == AT_THE_FRONT
    assert centre.front_runs()


def test_nobody_uses_the_front_as_a_relay(centre: Centre) -> None:
    """A request "within a dialog" whose routes lead elsewhere, and an answer to nothing that we asked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
        victim.bind(("127.0.0.1", 0))
        victim.settimeout(0.3)
        elsewhere = f"127.0.0.1:{victim.getsockname()[1]}"
        for method in ("BYE", "INVITE"):
            answer = centre.ask("127.0.0.4", method, extra=f"Route: <sip:{elsewhere};lr>\r\n", to_tag="1")
            assert answer is not None
            assert answer.status == 403
        centre.tell("127.0.0.4", _stray_answer(elsewhere))
        with pytest.raises(TimeoutError):
            victim.recv(65535)


def _stray_answer(elsewhere: str) -> bytes:
    via = f"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP {elsewhere};branch=z9hG4bK2\r\n"
    who = "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: stray\r\nCSeq: 1 INVITE\r\n"
    return f"SIP/2.0 200 OK\r\n{via}{who}Content-Length: 0\r\n\r\n".encode()


def test_the_configuration_may_be_read_by_its_owner_alone_and_holds_no_secret(tmp_path: Path) -> None:
    phone = RegisteredPhone("anna", REALM, "0123")
    trunk = replace(trunk_to("192.0.2.1:5061"), transport=Transport.TLS, inbound=True)
    where = ("127.0.0.1:5060", "127.0.0.1:5070", REALM, 5071)
    with pytest.raises(InvalidInput):
        Front(*where, [(trunk, [])], [phone])
    files = write_front(Front(*where, [(trunk, [])], [phone], "own.pem", "own.pem"), tmp_path / "f")
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    assert "transport=tls" in files[0].read_text()
    for public, realm in (("5060", REALM), ("192.0.2.1:5060", "a b")):
        with pytest.raises(InvalidInput):
            Front(public, "127.0.0.1:5070", realm, 5071, [], [])


def test_a_phones_secret_is_told_once_and_kept_as_a_digest(runtime: Runtime) -> None:
    actor, phones = runtime.identity.system_actor(), PhoneService(runtime.db)
    first, second = phones.add(actor, "anna", REALM), phones.add(actor, "anna", REALM)
    assert first != second
    (kept,) = phones.all(actor)
    assert kept.ha1 == hashlib.md5(f"anna:{REALM}:{second}".encode(), usedforsecurity=False).hexdigest()
    with pytest.raises(InvalidInput):
        phones.add(actor, "Anna:x", REALM)
    phones.remove(actor, "anna")
    assert not phones.all(actor)
