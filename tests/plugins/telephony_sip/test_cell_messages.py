"""The words between parent and cell."""

from __future__ import annotations

import pytest

from hookline_telephony_sip.cell.messages import Beat, Dial, Message, Recorded, Route, decode

ROUTE = Route("sip:a@b", "sip:c@d", "user", "secret\n\u0105", codecs=["PCMA"])  # type: ignore[arg-type]
DIAL = Dial("leg", (ROUTE,), 20.0, {"X-Hookline-Campaign": "7"})


@pytest.mark.parametrize(
    "message", [DIAL, Beat(), Recorded("tape", "2026-01-01T00:00:00+00:00", 1.5, complete=False, gaps=[])]
)
def test_a_message_arrives_as_it_was_sent_in_one_line(message: Message) -> None:
    line = message.encode()
    assert line.count(b"\n") == 1
    assert decode(line) == message


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"{}", b'{"is":"Nonsense"}', b'{"is":"HangUp"}', b"\xff", b'{"is":"Beat","x":1}']
)
def test_nonsense_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(line)


def test_a_password_does_not_show() -> None:
    assert "secret" not in repr(DIAL)
