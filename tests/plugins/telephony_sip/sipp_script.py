"""SIPp scenarios from pieces: what the called side does, step after step. SIPp itself speaks and checks."""

from __future__ import annotations

from collections.abc import Iterable

TAG = "[call_number]"
CONTACT = "Contact: <sip:sipp@[local_ip]:[local_port]>"
_SAVED = ("via", "from", "to", "cseq")
_HEAD = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="odd">\n'


def scenario(*steps: str) -> str:
    """The whole scenario; it begins with our INVITE."""
    return f"{_HEAD}{invite()}{''.join(steps)}</scenario>\n"


def sdp(port: str = "[media_port]", direction: str = "sendrecv", codecs: str = "8 101", version: int = 1) -> str:
    """A session description."""
    names = {"8": "PCMA/8000", "0": "PCMU/8000", "9": "G722/8000", "18": "G729/8000", "101": "telephone-event/8000"}
    maps = "".join(f"a=rtpmap:{codec} {names[codec]}\n" for codec in codecs.split())
    return (
        f"v=0\no=sipp 1 {version} IN IP4 [local_ip]\ns=-\nc=IN IP4 [local_ip]\nt=0 0\n"
        f"m=audio {port} RTP/AVP {codecs}\n{maps}a={direction}\n"
    )


def invite(*checks: str, actions: str = "") -> str:
    """Wait for an INVITE, the first or a later one, whose body has these words."""
    saved = "".join(
        f'<ereg regexp=".*" search_in="hdr" header="{name}:" assign_to="{variable}"/>\n'
        for name, variable in zip(("Via", "From", "To", "CSeq"), _SAVED, strict=True)
    )
    words = "".join(
        f'<ereg regexp="{word}" search_in="body" check_it="true" assign_to="word{number}"/>\n'
        for number, word in enumerate(checks)
    )
    variables = ",".join([*_SAVED, *(f"word{number}" for number, _ in enumerate(checks))])
    return (
        f'<recv request="INVITE" rrs="true"><action>\n{saved}{words}{actions}</action></recv>\n'
        f'<Reference variables="{variables}"/>\n'
    )


def invite_with_digest(username: str, password: str, right: str) -> str:
    """Wait for an INVITE and go to the label `right` where its digest is; else go on."""
    check = f'<verifyauth assign_to="right" username="{username}" password="{password}"/>'
    return f'{invite(actions=check)}<nop test="right" next="{right}"/>\n'


def label(name: str) -> str:
    """A place to go to."""
    return f'<label id="{name}"/>\n'


def expect(request: str, *, optional: bool = False, then: str = "") -> str:
    """Wait for a request; `then` names the label to go on from."""
    way = f' next="{then}"' if then else ""
    return f'<recv request="{request}"{_optional(optional)}{way}/>\n'


def expect_reply(status: int, *, optional: bool = False, body: str = "") -> str:
    """Wait for the reply to a request of the scenario's, with this word in its body."""
    if not body:
        return f'<recv response="{status}"{_optional(optional)}/>\n'
    check = f'<ereg regexp="{body}" search_in="body" check_it="true" assign_to="found"/>'
    return f'<recv response="{status}"><action>{check}</action></recv>\n<Reference variables="found"/>\n'


def answer_invite(
    status: str, body: str = "", *, tag: str = TAG, headers: Iterable[str] = (), until_acknowledged: bool = False
) -> str:
    """Answer the INVITE that came last, whatever has come since."""
    lines = [
        f"SIP/2.0 {status}",
        *("Via:[$via]", "From:[$from]", f"To:[$to];tag={tag}", "[last_Call-ID:]", "CSeq:[$cseq]"),
        *(CONTACT, *headers),
    ]
    return _send(lines, body, retransmit=until_acknowledged)


def answer_again(status: str, body: str = "", *, headers: Iterable[str] = ()) -> str:
    """Answer a re-INVITE: its To has our tag already."""
    lines = [
        f"SIP/2.0 {status}",
        *("Via:[$via]", "From:[$from]", "To:[$to]", "[last_Call-ID:]", "CSeq:[$cseq]", CONTACT, *headers),
    ]
    return _send(lines, body)


def answer(status: str = "200 OK") -> str:
    """Answer the request that came last."""
    lines = [f"SIP/2.0 {status}", "[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"]
    return _send([*lines, CONTACT])


def request(method: str, number: int, body: str = "", *, kind: str = "application/sdp", tag: str = TAG) -> str:
    """Send a request inside the dialogue; `number` counts them."""
    lines = [
        f"{method} [next_url] SIP/2.0",
        "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]",
        f"From:[$to];tag={tag}",
        *("To:[$from]", "[last_Call-ID:]", f"CSeq: {number} {method}", CONTACT, "Max-Forwards: 70"),
    ]
    return _send(lines, body, kind=kind, retransmit=method != "ACK")


def pause(milliseconds: int) -> str:
    """Let time pass."""
    return f'<pause milliseconds="{milliseconds}"/>\n'


def raw(text: str, *, retransmit: bool = False) -> str:
    """Send exactly this."""
    return f"<send{_retransmit(retransmit)}><![CDATA[\n{text}\n\n]]></send>\n"


def _send(lines: Iterable[str], body: str = "", *, kind: str = "application/sdp", retransmit: bool = False) -> str:
    typed = [f"Content-Type: {kind}", "Content-Length: [len]"] if body else ["Content-Length: 0"]
    return raw("\n".join([*lines, *typed]) + (f"\n\n{body}" if body else "\n"), retransmit=retransmit)


def _retransmit(yes: bool) -> str:
    return ' retrans="500"' if yes else ""


def _optional(yes: bool) -> str:
    return ' optional="true"' if yes else ""


RINGS = answer_invite("180 Ringing")
ANSWERS = answer_invite("200 OK", sdp(), until_acknowledged=True) + expect("ACK")
IS_HUNG_UP = expect("BYE") + answer()
HANGS_UP = request("BYE", 9) + expect_reply(200)
