"""What is known of each call, for those who look on through the control channel."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

HISTORY = 2000


@dataclass
class CallRecord:
    """One call. `state`: trying, silent, ringing, early, answered, confirmed (ACK seen), ended.

    `ended_by`: caller, far_end, control, cancel, refused, media_timeout, signalling_timeout, shutdown. `code` is the
    final SIP status that we sent, 0 as long as there is none.
    """

    id: str
    to: str
    from_: str
    phone: str
    headers: dict[str, str]
    call_id: str
    state: str = "trying"
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    code: int = 0
    ended_by: str = ""
    on_hold: bool = False
    times_held: int = 0
    dtmf_info: str = ""
    rtp_received_packets: int = 0
    rtp_sent_packets: int = 0
    dtmf_received: str = ""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        data = {key.rstrip("_"): value for key, value in vars(self).items() if key != "dtmf_info"}
        data["dtmf_received"] = self.dtmf_received + self.dtmf_info
        for key in ("started_at", "answered_at", "ended_at"):
            data[key] = data[key].isoformat() if data[key] else None
        return data


class Journal:
    """Numbers the calls and keeps those that ended."""

    def __init__(self) -> None:
        self.ended: deque[CallRecord] = deque(maxlen=HISTORY)
        self.counters: dict[str, int] = {"requests": 0, "repeated": 0, "malformed": 0, "errors": 0}
        self._numbers = count(1)

    def next_id(self) -> str:
        """`call-1`, `call-2`, …"""
        return f"call-{next(self._numbers)}"

    def count(self, what: str) -> None:
        """One more of something."""
        self.counters[what] = self.counters.get(what, 0) + 1
