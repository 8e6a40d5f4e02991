"""Plugins that do their worst, each in one way."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hookline.contributions import Permission
from hookline.domain.access import Role
from hookline.domain.campaigns import Category, Purpose
from hookline.domain.dialling import DialRequest, Refusal
from hookline.domain.results import DisposedCall
from hookline.hookspecs import hookimpl

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
REQUEST = DialRequest(
    attempt_id=1,
    client_id=1,
    campaign_id=1,
    campaign_contact_id=1,
    contact_id=1,
    number="+48123456789",
    purpose=Purpose.SERVICE,
    time_zone="Europe/Warsaw",
    agent_id=1,
    mode="preview",
    at=NOW,
)
CALL = DisposedCall(1, 1, 1, 1, "+48123456789", 1, "SUCCESS", Category.SUCCESS, NOW)


def raises(*_arguments: object) -> Any:
    """As a plugin's author would not have it, with somebody's data in the message."""
    raise RuntimeError("no answer from 'Jan Kowalski' <jan@example.com>, +48 600 100 200, field 'order_id'")


def exits(*_arguments: object) -> Any:
    """A plugin that takes itself for the program."""
    sys.exit("enough")


class Breaks:
    """Does `act` in every hook that it can implement without being refused."""

    def __init__(self, act: Callable[..., Any] = raises) -> None:
        self._act = act

    @hookimpl
    def hookline_call_disposed(self, call: DisposedCall) -> None:
        self._act(call)

    @hookimpl
    def hookline_dial_refusals(self, request: DialRequest) -> list[Refusal]:
        found: list[Refusal] = self._act(request)
        return found

    @hookimpl
    def hookline_register_permissions(self) -> list[Permission]:
        found: list[Permission] = self._act()
        return found


class Sound:
    """Works, and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[DisposedCall] = []
        self.heard = threading.Event()

    @hookimpl
    def hookline_call_disposed(self, call: DisposedCall) -> None:
        self.told.append(call)
        self.heard.set()

    @hookimpl
    def hookline_dial_refusals(self, request: DialRequest) -> list[Refusal]:
        return []

    @hookimpl
    def hookline_register_permissions(self) -> list[Permission]:
        return [Permission("sound.act", "Act", frozenset({Role.AGENT}))]


class Hangs:
    """Does not come back from the hooks named until it is let go."""

    def __init__(self, *hooks: str) -> None:
        self._hooks = hooks
        self.go_on = threading.Event()
        self.asked = 0
        self.entered = threading.Event()

    def _hang(self, hook: str) -> None:
        if hook in self._hooks:
            self.asked += 1
            self.entered.set()
            self.go_on.wait(60)

    @hookimpl
    def hookline_call_disposed(self, call: DisposedCall) -> None:
        self._hang("notify")

    @hookimpl
    def hookline_dial_refusals(self, request: DialRequest) -> list[Refusal]:
        self._hang("policy")
        return []

    @hookimpl
    def hookline_register_permissions(self) -> list[Permission]:
        self._hang("contribute")
        return []
