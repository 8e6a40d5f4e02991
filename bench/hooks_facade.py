"""What the guarded facade costs beside plain pluggy, for 1, 5 and 20 plugins, and the dial gate's question to 20.

The facade guards each implementation by itself and times it. The policies of the dial gate are asked within a deadline,
which takes another thread: one hop for all of them, however many.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pluggy

from hookline.domain.campaigns import Category, Purpose
from hookline.domain.dialling import DialRequest, Refusal
from hookline.domain.results import DisposedCall
from hookline.hookspecs import dialling, hookimpl, results, telephony
from hookline.plugin_host.host import PluginHost

PLUGINS = (1, 5, 20)
ASKED = 1000
ROUNDS = 15
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

    @hookimpl
    def hookline_select_caller_id(self, request: DialRequest, backend: str) -> str | None:
        """No choice."""
        return None


def once(ask: Callable[[], object]) -> float:
    """Mean time of one question in a round, in µs."""
    started = time.perf_counter()
    for _ in range(ASKED):
        ask()
    return (time.perf_counter() - started) / ASKED * 1e6


def compare(name: str, plugins: int, facade: Callable[[], object], plain: Callable[[], object]) -> None:
    """Print medians of rounds that take turns, so that the machine's other work falls on both."""
    pairs = [(once(facade), once(plain)) for _ in range(ROUNDS)]
    ours, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    fastest = min(pair[0] for pair in pairs)
    print(
        f"{name:<10} {plugins:>3} plugins: facade {ours:6.2f} (min {fastest:6.2f}), pluggy {bare:6.2f},"
        f" ratio {ours / bare:4.2f}"
    )


def measure(count: int) -> None:
    """Ask `count` plugins by the facade and by plain pluggy."""
    host, plain = PluginHost(), pluggy.PluginManager("hookline")
    for spec in (dialling, results, telephony):
        plain.add_hookspecs(spec)
    for number in range(count):
        host.register(f"p{number}", Hooks())
        plain.register(Hooks(), name=f"p{number}")
    told, chosen, refused = (
        plain.hook.hookline_call_disposed,
        plain.hook.hookline_select_caller_id,
        plain.hook.hookline_dial_refusals,
    )
    compare("notify", count, lambda: host.call_disposed(CALL), lambda: told(call=CALL))
    compare(
        "choose",
        count,
        lambda: host.select_caller_id(REQUEST, "sip"),
        lambda: chosen(request=REQUEST, backend="sip"),
    )
    compare("dial gate", count, lambda: host.dial_refusals(REQUEST), lambda: refused(request=REQUEST))
    host.close()


def main() -> None:
    """Print a table."""
    print(f"µs for one question: median of {ROUNDS} rounds of {ASKED}")
    for count in PLUGINS:
        measure(count)


if __name__ == "__main__":
    main()
