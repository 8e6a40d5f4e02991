"""Session descriptions: reading an offer, writing our answer (RFC 3264, G.711 and telephone events only)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hookline_telephony_sip.sip.errors import MalformedMessage

from .errors import NoCommonCodec

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
MIRRORED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
STATIC_CODECS = {0: "PCMU", 8: "PCMA"}
OUR_EVENT_TYPE = 101


@dataclass(frozen=True)
class Media:
    """One media line of a description."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    connection: str
    direction: str
    codecs: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreement:
    """What both sides settled on, seen from the far end.

    `payload_type` is 0 (PCMU) or 8 (PCMA); `event_type` the payload type of telephone events, None without;
    `direction` what *we* may do with the audio.
    """

    host: str
    port: int
    payload_type: int
    event_type: int | None
    direction: str
    lines: tuple[Media, ...]
    line: Media

    @property
    def on_hold(self) -> bool:
        """The peer has put us on hold: it does not want to hear us."""
        return self.direction in ("recvonly", "inactive")


def parse_sdp(body: bytes) -> tuple[Media, ...]:
    """Read the media lines of a description.

    Raises:
        MalformedMessage: it is no session description.
    """
    session: list[str] = []
    blocks: list[list[str]] = []
    for line in body.decode("utf-8", "replace").splitlines():
        if line.startswith("m="):
            blocks.append([])
        (blocks[-1] if blocks else session).append(line.strip())
    if not session or not session[0].startswith("v="):
        raise MalformedMessage("no session description")
    return tuple(_parse_media(block, session) for block in blocks)


def _parse_media(block: list[str], session: list[str]) -> Media:
    match = re.match(r"m=(\S+) ([0-9]{1,5})(?:/[0-9]+)? (\S+)((?: \S+)*)\s*\Z", block[0], re.ASCII)
    if not match or int(match[2]) > 65535:
        raise MalformedMessage("bad media line")
    connection = _last_value(block, "c=") or _last_value(session, "c=")
    direction = _direction(block) or _direction(session) or "sendrecv"
    address = connection.split(" ")[-1].partition("/")[0]
    if address == "0.0.0.0" and direction == "sendrecv":  # noqa: S104  (hold as RFC 2543 had it, not a bind)
        direction = "sendonly"
    return Media(match[1], int(match[2]), match[3], tuple(match[4].split()), address, direction, _codecs(block))


def _last_value(lines: list[str], prefix: str) -> str:
    return next((line[len(prefix) :] for line in reversed(lines) if line.startswith(prefix)), "")


def _direction(lines: list[str]) -> str:
    return next((line[2:] for line in lines if line.startswith("a=") and line[2:] in DIRECTIONS), "")


def _codecs(block: list[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for line in block:
        match = re.match(r"a=rtpmap:([0-9]{1,3}) ([^/\s]+)/8000", line, re.ASCII)
        if match:
            found[int(match[1])] = match[2].upper()
    return found


def agree(body: bytes) -> Agreement:
    """Choose audio from the peer's description: the first G.711 codec it names.

    Raises:
        MalformedMessage: it is no session description.
        NoCommonCodec: there is no plain-RTP audio line with G.711 in it.
    """
    lines = parse_sdp(body)
    for line in lines:
        if line.kind != "audio" or line.protocol != "RTP/AVP" or not line.port:
            continue
        types = [int(item) for item in line.formats if re.fullmatch(r"[0-9]{1,3}", item, re.ASCII)]
        payload = next((item for item in types if item in STATIC_CODECS), None)
        if payload is None:
            continue
        event = next((item for item in types if line.codecs.get(item) == "TELEPHONE-EVENT"), None)
        return Agreement(line.connection, line.port, payload, event, MIRRORED[line.direction], lines, line)
    raise NoCommonCodec("no G.711 audio in the offer")


def write_answer(agreement: Agreement, host: str, port: int, version: int) -> bytes:
    """Our answer; media lines that we do not take are refused with port 0, as RFC 3264 wants."""
    lines = _session_lines(host, version)
    for line in agreement.lines:
        if line is agreement.line:
            lines += _audio_lines(port, (agreement.payload_type,), agreement.event_type, agreement.direction)
        else:
            lines.append(f"m={line.kind} 0 {line.protocol} {' '.join(line.formats) or '0'}")
    return _joined(lines)


def write_offer(host: str, port: int, version: int, direction: str = "sendrecv") -> bytes:
    """Our offer, where the caller sent none."""
    return _joined(_session_lines(host, version) + _audio_lines(port, (8, 0), OUR_EVENT_TYPE, direction))


def _session_lines(host: str, version: int) -> list[str]:
    return ["v=0", f"o=farend {1000} {version} IN IP4 {host}", "s=far end", f"c=IN IP4 {host}", "t=0 0"]


def _audio_lines(port: int, payloads: tuple[int, ...], event: int | None, direction: str) -> list[str]:
    formats = [str(item) for item in payloads] + ([] if event is None else [str(event)])
    lines = [f"m=audio {port} RTP/AVP {' '.join(formats)}"]
    lines += [f"a=rtpmap:{item} {STATIC_CODECS[item]}/8000" for item in payloads]
    if event is not None:
        lines += [f"a=rtpmap:{event} telephone-event/8000", f"a=fmtp:{event} 0-16"]
    return [*lines, "a=ptime:20", f"a={direction}"]


def _joined(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode()
