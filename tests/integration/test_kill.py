"""A process that is killed between the commit of an event and its publication has lost nothing."""

from __future__ import annotations

import signal
import subprocess
import sys

from hookline.bootstrap import Runtime
from hookline.domain.events import CampaignChanged
from hookline.settings import Settings

_COMMITS_AND_WAITS = """
import sys
from pathlib import Path
from hookline.bootstrap import Runtime
from hookline.domain.events import CampaignChanged
from hookline.settings import Settings
runtime = Runtime(Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2]))
with runtime.db.write() as unit:
    unit.emit(CampaignChanged(campaign_id=7, state="running"))
print("committed", flush=True)
sys.stdin.read()
"""


def test_an_event_committed_by_a_killed_process_is_published_by_the_next(settings: Settings) -> None:
    command = [sys.executable, "-c", _COMMITS_AND_WAITS, str(settings.data_dir), settings.database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as doomed:
        assert doomed.stdout is not None
        assert doomed.stdout.readline() == "committed\n"
        doomed.send_signal(signal.SIGKILL)
        assert doomed.wait(timeout=10) == -signal.SIGKILL

    runtime = Runtime(settings)
    try:
        read: list[int | None] = []
        streamed: list[str] = []
        runtime.bus.read("test.reader", lambda happened: read.append(happened.campaign_id))
        runtime.bus.subscribe(lambda happened: streamed.append(happened.type))
        runtime.bus.pump()
        assert read == [7]
        assert streamed == [CampaignChanged.__name__]
        assert [e.campaign_id for e in runtime.bus.since(0)] == [7]
    finally:
        runtime.close()
