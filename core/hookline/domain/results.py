"""What came of a call, as plugins are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hookline.domain.campaigns import Category


@dataclass(frozen=True)
class DisposedCall:
    """A call and its disposition. `at` is UTC."""

    call_id: int
    client_id: int
    campaign_id: int
    contact_id: int
    number: str
    agent_id: int | None
    code: str
    category: Category
    at: datetime
