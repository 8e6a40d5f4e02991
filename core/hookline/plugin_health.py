"""What the health page and `hookline doctor` say of plugins at work: hangs, slowness, events that wait, memory."""

from __future__ import annotations

from hookline.health import Finding, HealthCheck, ok, problem, warning
from hookline.plugin_host.host import PluginHost
from hookline.plugin_memory import MemoryWatch
from hookline.plugin_readers import NOTIFY_SECONDS, PluginReaders, Standing
from hookline.text import N_

_BEHIND_EVENTS = 1000
_SLOW_POLICY_MS = 500.0
_MEBIBYTE = 1024 * 1024
_HELD_BYTES = 32 * _MEBIBYTE


class PluginChecks:
    """Core's checks on plugins at work. Times are of the process that is asked."""

    def __init__(self, host: PluginHost, readers: PluginReaders, memory: MemoryWatch) -> None:
        self._host = host
        self._readers = readers
        self._memory = memory

    def checks(self) -> list[HealthCheck]:
        """Every one."""
        return [
            HealthCheck("core.plugin-hooks", N_("Plugins at work"), self.hooks),
            HealthCheck("core.memory", N_("Memory"), self.memory, needs_database=False),
        ]

    def hooks(self) -> list[Finding]:
        """Which plugins hang, are slow or have fallen behind."""
        found = [
            problem(
                N_("%(count)s calls of the policy of the plugin %(name)s hang; after three it is no longer asked."),
                N_("Until they return it refuses calls. Disable the plugin, or have it mended and restart Hookline."),
                name=name,
                count=count,
            )
            for name, count in self._host.hanging().items()
        ]
        found += [
            warning(
                N_("The policy of the plugin %(name)s is slow: %(ms)s ms at p95. Every call waits for it."),
                N_("Tell the plugin's author; after 2 s it would refuse."),
                name=row.plugin,
                ms=round(row.p95_ms),
            )
            for row in self._host.timings()
            if row.hook == "hookline_dial_refusals" and row.p95_ms > _SLOW_POLICY_MS
        ]
        found += [finding for s in self._readers.standings() if (finding := _of_standing(s)) is not None]
        return found or [ok(N_("None hangs, is slow or has fallen behind."))]

    def memory(self) -> list[Finding]:
        """How this process's memory goes, and whose it is, where that is noted."""
        trend = self._memory.trend()
        now = round(trend.now / _MEBIBYTE)
        found = [
            warning(
                N_("The plugin %(name)s holds %(held)s MiB more than %(minutes)s minutes ago."),
                N_("If it goes on growing it leaks: tell the plugin's author."),
                name=plugin.plugin,
                held=round(plugin.held / _MEBIBYTE),
                minutes=round(plugin.seconds / 60),
            )
            for plugin in self._memory.plugins()
            if plugin.held > _HELD_BYTES
        ]
        if trend.growing:
            grown = warning(
                N_("This process has grown from %(first)s to %(now)s MiB in %(hours)s hours, without coming to rest."),
                N_("Have it noted on the page Health which plugin holds memory; a restart frees it for now."),
                first=round(trend.first / _MEBIBYTE),
                now=now,
                hours=round(trend.seconds / 3600, 1),
            )
            return [grown, *found]
        return found or [ok(N_("This process takes %(now)s MiB, and does not keep growing."), now=now)]


def _of_standing(standing: Standing) -> Finding | None:
    if standing.busy_seconds > NOTIFY_SECONDS:
        return problem(
            N_("The plugin %(name)s has been busy with one event for %(seconds)s s; %(behind)s wait for it."),
            N_("The others go on. Each %(limit)s s count as an error of its, and with too many it is stopped."),
            name=standing.plugin,
            seconds=round(standing.busy_seconds),
            limit=round(NOTIFY_SECONDS),
            behind=standing.behind,
        )
    if standing.behind > _BEHIND_EVENTS:
        return warning(
            N_("%(behind)s events wait for the plugin %(name)s."),
            N_("It is slow, or was stopped: bring it back, or disable it."),
            name=standing.plugin,
            behind=standing.behind,
        )
    return None
