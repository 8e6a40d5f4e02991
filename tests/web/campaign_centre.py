"""A centre with people and two clients, for tests of the campaigns' and calls' pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hookline.domain.access import Role
from hookline.testing.centre import PASSWORD, Centre
from hookline_web.testing import PageClient, make_app

ONE, TWO, THREE = "+48221234567", "+48221234568", "+48221234569"


@dataclass
class Floor:
    """The centre, its users' ids, and browsers logged in as them (by login name)."""

    centre: Centre
    anna: int
    bob: int
    globex: int

    def browser(self, login: str) -> PageClient:
        """A browser in which `login` is logged in."""
        client = make_app(self.centre.runtime).test_client()
        assert isinstance(client, PageClient)
        assert client.log_in(login, PASSWORD).status_code == 302
        return client

    def talk(self, agent: int, code: str, note: str = "") -> int:
        """Dial the contact presented to the agent, talk, hang up, dispose; the call's id."""
        runtime, actor = self.centre.runtime, self.centre.actor(agent)
        runtime.work.dial(actor)
        self.centre.advance(4)
        runtime.calls.hang_up(actor)
        self.centre.advance(1)
        runtime.work.dispose(actor, code, note)
        return self.centre.calls()[-1].id


def furnish(centre: Centre) -> Floor:
    """Agents anna and bob, administrator "admin", supervisor "boss" of Acme only; the other client Globex."""
    globex = centre.client("Globex")
    centre.user("admin", Role.ADMINISTRATOR)
    centre.user("boss", Role.SUPERVISOR, [centre.client_id])
    return Floor(centre, centre.agent("anna"), centre.agent("bob"), globex)


def form_of(client: int, **changes: Any) -> dict[str, Any]:
    """What the browser sends for a plain, complete campaign."""
    days = [str(day) for day in range(5)]
    return {
        "client_id": str(client),
        "name": "Autumn",
        "goal": "Renew contracts",
        "purpose": "service",
        "dial_mode": "preview",
        "backend": "simulated",
        "caller_id": "22 123 45 67",
        "script": "",
        "allowed_countries": "pl, de",
        "attempts_per_day": "3",
        "attempts_total": "10",
        "ring_timeout_seconds": "30",
        "wrap_up_seconds": "60",
        "record_calls": "true",
        "open_days": days,
        **{f"opens_{day}": "09:00" for day in range(7)},
        **{f"closes_{day}": "18:00" for day in range(7)},
        "retry_on": ["busy", "no_answer"],
        **{f"delay_{result}": "15" for result in ("busy", "no_answer")},
        **{f"most_{result}": "4" for result in ("busy", "no_answer")},
        "disposition_code": ["SOLD", ""],
        "disposition_label": ["Sold", "Nie teraz"],
        "disposition_category": ["success", "retry"],
        "disposition_final": ["true", "false"],
        **changes,
    }
