"""What the guarded facade costs: asking every policy through the plugin host, and through plain pluggy."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pluggy

from hookline.domain.campaigns import Category, Purpose
from hookline.domain.dialling import DialRequest, Refusal
from hookline.domain.results import DisposedCall
from hookline.hookspecs import dialling, hookimpl, results
from hookline.plugin_host.host import PluginHost

PLUGINS = 5
ASKED = 500
ROUNDS = 9
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


class Hooks:
    """A plugin that answers at once, so that only the asking is measured."""

    @hookimpl
    def hookline_dial_refusals(self, request: DialRequest) -> list[Refusal]:
        """No objection."""
        return []

    @hookimpl
    def hookline_call_disposed(self, call: DisposedCall) -> None:
        """Nothing to do."""


def microseconds(ask: Callable[[], object]) -> str:
    """Minimum, median and maximum over the rounds, of the mean time of one question."""
    ask()
    means = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(ASKED):
            ask()
        means.append((time.perf_counter() - started) / ASKED * 1e6)
    return f"{min(means):7.1f} {statistics.median(means):7.1f} {max(means):7.1f}"


def main() -> None:
    """Print a table."""
    host, plain = PluginHost(), pluggy.PluginManager("hookline")
    for spec in (dialling, results):
        plain.add_hookspecs(spec)
    for number in range(PLUGINS):
        host.register(f"p{number}", Hooks())
        plain.register(Hooks(), name=f"p{number}")
    print(f"{PLUGINS} plugins; µs for one question: minimum, median, maximum of {ROUNDS} rounds of {ASKED}")
    print("policy, facade (side by side)", microseconds(lambda: host.dial_refusals(REQUEST)))
    print("policy, plain pluggy         ", microseconds(lambda: plain.hook.hookline_dial_refusals(request=REQUEST)))
    print("notify, facade               ", microseconds(lambda: host.call_disposed(CALL)))
    print("notify, plain pluggy         ", microseconds(lambda: plain.hook.hookline_call_disposed(call=CALL)))
    host.close()


if __name__ == "__main__":
    main()
