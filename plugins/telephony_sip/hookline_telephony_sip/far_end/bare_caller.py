"""A bare SIP caller for tests: two UDP sockets, and nothing that happens by itself.

What a library would hide (repeats, missing ACKs, odd headers) is in the test's own hands. Sockets time out after 5 s.
"""

from __future__ import annotations

import itertools
import socket
import struct

from hookline_telephony_sip.sip.addresses import parse_name_addr
from hookline_telephony_sip.sip.messages import Message, Request, Response, parse_message


class Caller:
    """A user agent that does nothing by itself."""

    numbers = itertools.count(1)

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.peer = (host, int(port))
        self.socket = self._bound()
        self.rtp = self._bound()
        self.call_id = f"raw-{next(self.numbers)}.test"
        self.to_tag = ""
        self.cseq = 0
        self.invite: Request | None = None

    @staticmethod
    def _bound() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        made.settimeout(5)
        return made

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self.rtp.close()

    def offer(self, direction: str = "sendrecv") -> bytes:
        """What it can hear and say, as SDP."""
        port = self.rtp.getsockname()[1]
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
        lines += [f"m=audio {port} RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", f"a={direction}"]
        return "\r\n".join([*lines, ""]).encode()

    def send(
        self,
        method: str,
        to: str = "",
        body: bytes = b"",
        branch: str = "",
        cseq: int = 0,
        extra: str = "",
        target: str = "",
    ) -> Request:
        """Send a request; within the dialog once there is one, and then perhaps to another `target` URI."""
        if not cseq:
            self.cseq += 1
        host, port = self.socket.getsockname()
        tag = f";tag={self.to_tag}" if self.to_tag else ""
        text = (
            f"{method} {target or f'sip:{to}@{self.peer[0]}:{self.peer[1]}'} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{branch or f'{self.call_id}-{method}-{self.cseq}'};rport\r\n"
            f"{extra}From: <sip:caller@{host}>;tag=mine\r\nTo: <sip:{to}@x>{tag}\r\nCall-ID: {self.call_id}\r\n"
            f"CSeq: {cseq or self.cseq} {method}\r\nContact: <sip:caller@{host}:{port}>\r\nMax-Forwards: 70\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        data = text.encode() + body
        self.socket.sendto(data, self.peer)
        request = parse_message(data)
        assert isinstance(request, Request)
        return request

    def receive(self) -> Message:
        """The next message that comes."""
        return parse_message(self.socket.recv(65535))

    def until(self, status: int) -> Response:
        """Skip what comes before the response of that status."""
        while True:
            message = self.receive()
            if isinstance(message, Response) and message.status == status:
                return message

    def dial(self, to: str, body: bytes | None = None, extra: str = "") -> None:
        """Send an INVITE."""
        self.invite = self.send("INVITE", to, self.offer() if body is None else body, extra=extra)

    def ack(self, response: Response, body: bytes = b"") -> None:
        """Acknowledge an answer."""
        self.to_tag = parse_name_addr(response.headers.first("To")).tag
        self.send("ACK", body=body, cseq=response.cseq, branch=f"{self.call_id}-ack-{response.cseq}")

    def talk(self, to: str, extra: str = "") -> Response:
        """Dial and acknowledge the answer."""
        self.dial(to, extra=extra)
        answer = self.until(200)
        self.ack(answer)
        return answer

    def hang_up(self) -> None:
        """End the call, and wait until that is confirmed."""
        self.send("BYE")
        self.until(200)


def rtp_packet(payload_type: int, sequence: int, timestamp: int, payload: bytes) -> bytes:
    """A packet of sound or of a key pressed."""
    return struct.pack("!BBHII", 0x80, payload_type, sequence, timestamp, 7) + payload


def remote_rtp(answer: Response) -> tuple[str, int]:
    """Where the far side of an answered call hears."""
    lines = answer.body.decode().splitlines()
    sound = next(line for line in lines if line.startswith("m=audio"))
    place = next(line for line in lines if line.startswith("c="))
    return place.split()[2], int(sound.split()[1])
