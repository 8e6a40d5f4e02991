"""Times of plugins' hooks are written down by the server and read by the command line."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from hookline.plugin_host.timings import TimingRow
from hookline.plugin_times import PluginTimes, times_taken

ROW = TimingRow("gdpr", "hookline_dial_refusals", 512, 0.1, 0.4, 12.5)


def test_what_was_measured_last_is_read_with_its_moment(tmp_path: Path) -> None:
    rows, now = [ROW], [0.0]
    times = PluginTimes(tmp_path, lambda: list(rows), lambda: now[0])
    assert times_taken(tmp_path) is None
    times.keep()
    taken = times_taken(tmp_path)
    assert taken is not None
    assert (taken.rows, taken.process) == ([ROW], os.getpid())
    assert abs((datetime.now(UTC) - taken.at).total_seconds()) < 60
    rows.append(TimingRow("scripts", "hookline_call_disposed", 1, 1.0, 1.0, 1.0))
    now[0] = 29.0
    times.keep()
    assert len(times_taken(tmp_path).rows) == 1, "not again so soon"  # type: ignore[union-attr]
    now[0] = 30.0
    times.keep()
    assert len(times_taken(tmp_path).rows) == 2  # type: ignore[union-attr]


def test_a_file_that_is_broken_or_a_folder_that_is_gone_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "plugin_times.json").write_text('{"rows": [{"plugin": 1}]}')
    assert times_taken(tmp_path) is None
    PluginTimes(tmp_path / "gone", lambda: [ROW]).keep()
    assert times_taken(tmp_path / "gone") is None
