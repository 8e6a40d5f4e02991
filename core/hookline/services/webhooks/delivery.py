"""What is sent, when it is tried again, and when it is given up."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hookline import __version__, webhook_signature
from hookline.bus import PublishedEvent

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"
#: Tried at most so often, over about three days.
MOST_ATTEMPTS = 12
_FIRST_WAIT = 10.0
_GROWTH = 4.0
_LONGEST_WAIT = 12 * 3600.0
#: Up to so much of each wait is added at random, so that what failed together does not come back together.
_JITTER = 0.25


@dataclass(frozen=True)
class Message:
    """What is posted: the id by which the receiver knows it again, its type, the name of this delivery, the body."""

    event_id: str
    event_type: str
    name: str
    body: str


def event_id(sequence: int) -> str:
    """The id by which receivers know an event they had already."""
    return f"evt_{sequence}"


def body_of(happened: PublishedEvent) -> str:
    """The message: what happened, when, and the ids it concerns."""
    return as_text(
        event_id(happened.sequence),
        happened.type,
        happened.at,
        {
            "sequence": happened.sequence,
            "client_id": happened.client_id,
            "campaign_id": happened.campaign_id,
            "contact_id": happened.contact_id,
            "call_id": happened.call_id,
            "agent_id": happened.agent_id,
            "details": happened.details,
        },
    )


def as_text(identity: str, kind: str, at: datetime, rest: dict[str, Any]) -> str:
    """A message as JSON."""
    return json.dumps({"id": identity, "type": kind, "at": at.isoformat(), **rest}, separators=(",", ":"))


def headers_of(message: Message, secrets: list[str], now: datetime) -> dict[str, str]:
    """The headers of a try that is made now."""
    return {
        "Content-Type": "application/json",
        "User-Agent": f"Hookline/{__version__}",
        "Hookline-Event-Id": message.event_id,
        "Hookline-Event": message.event_type,
        "Hookline-Delivery": message.name,
        webhook_signature.HEADER: webhook_signature.header(secrets, int(now.timestamp()), message.body.encode("utf-8")),
    }


def wait_after(attempts: int, chance: random.Random) -> timedelta:
    """How long to wait after so many failed tries: 10 s, 40 s, … up to 12 hours, and a little more by chance."""
    planned = min(_FIRST_WAIT * _GROWTH ** (attempts - 1), _LONGEST_WAIT)
    return timedelta(seconds=planned * (1 + _JITTER * chance.random()))
