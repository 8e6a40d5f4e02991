"""An import whose process is killed in the middle of a batch goes on where it was, and nothing comes in twice."""

from __future__ import annotations

import signal
import subprocess
import sys

from sqlalchemy import func, select

from hookline.bootstrap import Runtime
from hookline.db.models import Contact, ContactNumber, ContactSearch, ListContact
from hookline.services.imports import ImportState, NewList
from hookline.settings import Settings
from hookline.testing.centre import Centre
from tests.integration.importing import Importer

ROWS, BATCH = 900, 200
_IMPORTS_UNTIL_THE_THIRD_BATCH = """
import sys
from pathlib import Path
from hookline.bootstrap import Runtime
from hookline.services.imports import worker
from hookline.settings import Settings
runtime = Runtime(Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2]))
worker.BATCH = int(sys.argv[4])
count, batches = worker._count, []
def counted(*given):
    count(*given)
    batches.append(1)
    if len(batches) == 3:
        given[0]._sa_instance_state.session.flush()
        print("in the middle", flush=True)
        sys.stdin.read()
worker._count = counted
runtime.imports.run(runtime.identity.system_actor(), int(sys.argv[3]))
"""


def test_an_import_killed_in_a_batch_goes_on_and_doubles_nothing(centre: Centre, settings: Settings) -> None:
    importer = Importer(centre.runtime, centre.runtime.identity.system_actor())
    text = "Telefon;ID\n" + "".join(f"60{n:07d};K{n}\n" for n in range(1_000_000, 1_000_000 + ROWS))
    import_id = importer.upload(text, NewList(centre.client_id, "Spring", "PL"))
    told = [str(settings.data_dir), settings.database_url, str(import_id), str(BATCH)]
    command = [sys.executable, "-c", _IMPORTS_UNTIL_THE_THIRD_BATCH, *told]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as doomed:
        assert doomed.stdout is not None
        while (said := doomed.stdout.readline()) and said != "in the middle\n":
            continue
        doomed.send_signal(signal.SIGKILL)
        assert doomed.wait(timeout=10) == -signal.SIGKILL
    assert importer.runtime.import_reports.get(importer.actor, import_id).done == 2 * BATCH

    again = Runtime(settings, centre.clock)
    try:
        again.imports.recover()
        again.imports.wait(import_id, timeout=60)
        report = again.import_reports.get(importer.actor, import_id)
        assert (report.state, report.imported, report.merged, report.rejected) == (ImportState.DONE, ROWS, 0, 0)
        with again.db.read() as session:
            for model in (Contact, ContactNumber, ListContact, ContactSearch):
                assert session.scalar(select(func.count()).select_from(model)) == ROWS
    finally:
        again.close()
