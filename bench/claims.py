"""How long four claimers need for the next contact of a campaign, on SQLite and PostgreSQL.

Each claimer is a process of its own. First they claim at a steady pace, together a hundred times a second, which is
what a thousand agents would ask for; then as fast as they can. A claim is measured with its whole transaction: waiting
for others, the statement, the commit. Beside them the same claim once the indexes it reads from are gone. Nobody may
get what somebody else has got. 200,000 contacts; a million with --full.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time as time_of_day
from itertools import chain
from pathlib import Path

from sqlalchemy import Connection, text

from hookline.bootstrap import Runtime
from hookline.db.models import CampaignContact, Contact
from hookline.domain.campaigns import CallingWindow, DayWindow
from hookline.services.claims import Source, claim
from hookline.settings import Settings
from hookline.testing.centre import Centre
from hookline.testing.databases import KINDS, fresh_database

CONTACTS = 1_000_000 if "--full" in sys.argv else 200_000
CLAIMERS = 4
PACED, PACE_SECONDS = 150, 0.04
FAST = 150
UNINDEXED = 5
ZONES = ("Europe/Warsaw", "Europe/Berlin", "Europe/London", "Europe/Madrid", "Europe/Kyiv", "Atlantic/Canary")
ALWAYS = CallingWindow({day: DayWindow(time_of_day(0), time_of_day(23, 59, 59, 999999)) for day in range(7)})


@dataclass(frozen=True)
class Work:
    """What one claimer is to do. A pace of 0 is as fast as it can."""

    folder: str
    url: str
    campaign_id: int
    claims: int
    pace: float


def claims_of(work: Work) -> list[tuple[int, float]]:
    """Claim, and say what was got and how many milliseconds each took."""
    runtime = Runtime(Settings(Path(work.folder), work.url))
    source, got = Source(work.campaign_id, ALWAYS), []
    with runtime.db.write() as unit:  # connected, statements written: as in an engine that runs
        claim(unit, [Source(0, ALWAYS)], None)
    due = time.perf_counter() + random.random() * work.pace
    for _ in range(work.claims):
        time.sleep(max(0.0, due - time.perf_counter()))
        due += work.pace
        began = time.perf_counter()
        with runtime.db.write() as unit:
            record = claim(unit, [source], None)
        got.append((record.id if record else 0, (time.perf_counter() - began) * 1000))
    runtime.close()
    return got


def fill(connection: Connection, campaign_id: int) -> None:
    """Copy the campaign's one contact until there are as many as wanted, in several zones and of two priorities."""
    contact = [column.name for column in Contact.__table__.columns if column.name not in {"id", "time_zone"}]
    record = [
        column.name
        for column in CampaignContact.__table__.columns
        if column.name not in {"id", "contact_id", "priority", "time_zone"}
    ]
    zones = " ".join(f"WHEN {n} THEN '{zone}'" for n, zone in enumerate(ZONES))
    count = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :contacts) "
    one = "(SELECT contact_id FROM campaign_contacts WHERE campaign_id = :campaign)"
    connection.execute(
        text(
            f"INSERT INTO contacts ({', '.join(contact)}, time_zone) {count}"
            f"SELECT {', '.join(contact)}, CASE n % {len(ZONES)} {zones} END FROM contacts, n WHERE id = {one}"
        ),
        {"contacts": CONTACTS, "campaign": campaign_id},
    )
    connection.execute(
        text(
            f"INSERT INTO campaign_contacts ({', '.join(record)}, contact_id, priority, time_zone) "
            f"SELECT {', '.join(f'r.{name}' for name in record)}, c.id, CASE c.id % 50 WHEN 0 THEN 5 ELSE 0 END, "
            "c.time_zone FROM contacts c, campaign_contacts r WHERE r.campaign_id = :campaign AND c.id <> r.contact_id"
        ),
        {"campaign": campaign_id},
    )


def drop_indexes(connection: Connection) -> None:
    """Take away what the claim reads from."""
    for index in CampaignContact.__table__.indexes:  # type: ignore[attr-defined]
        connection.execute(text(f"DROP INDEX IF EXISTS {index.name}"))


@contextmanager
def filled(kind: str, folder: Path) -> Iterator[tuple[Centre, int]]:
    """A centre whose one campaign has all these contacts, looked after as a database is (VACUUM, ANALYZE)."""
    with fresh_database(kind, folder) as url:
        centre = Centre(folder, database_url=url)
        campaign_id = centre.campaign(["+48221234567"], agents=[centre.agent("anna")])
        engine = centre.runtime.db.engine
        with engine.begin() as connection:
            fill(connection, campaign_id)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE" if kind == "sqlite" else "VACUUM ANALYZE")
        yield centre, campaign_id
        centre.close()


def told(name: str, got: list[tuple[int, float]], seconds: float) -> float:
    """Print a line; the median in milliseconds."""
    took = [each for _, each in got]
    cut = statistics.quantiles(took, n=100, method="inclusive")
    print(
        f"  {name:22} p50 {statistics.median(took):9.2f} ms   p99 {cut[98]:9.2f} ms   most {max(took):9.2f} ms"
        f"   {len(got) / seconds:7.0f} claims/s"
    )
    return statistics.median(took)


def measure(kind: str, folder: Path) -> None:
    """Measure and print one kind of database."""
    with filled(kind, folder) as (centre, campaign_id):
        url, everything = centre.runtime.settings.database_url, []
        works = [Work(str(folder), url, campaign_id, *how) for how in ((PACED, PACE_SECONDS), (FAST, 0.0))]
        with ProcessPoolExecutor(CLAIMERS, multiprocessing.get_context("spawn")) as claimers:
            list(claimers.map(abs, range(CLAIMERS * 4)))  # all of them are there
            medians = []
            for name, work in zip(("a hundred a second", "as fast as they can"), works, strict=True):
                began = time.perf_counter()
                got = list(chain.from_iterable(claimers.map(claims_of, [work] * CLAIMERS)))
                medians.append(told(name, got, time.perf_counter() - began))
                everything += [record for record, _ in got]
        alone = claims_of(Work(str(folder), url, campaign_id, 100, 0.0))
        median = told("one claimer alone", alone, sum(took for _, took in alone) / 1000)
        with centre.runtime.db.engine.begin() as connection:
            drop_indexes(connection)
        slow = claims_of(Work(str(folder), url, campaign_id, UNINDEXED, 0.0))
        without = told("alone, no indexes", slow, sum(took for _, took in slow) / 1000)
        everything += [record for record, _ in alone + slow]
        twice, nothing = len(everything) - len(set(everything)), everything.count(0)
        print(f"  {without / median:,.0f} times faster with indexes; claimed {len(everything):,}, ", end="")
        print(f"twice {twice}, got nothing {nothing}")


def main() -> None:
    """Measure and print."""
    for kind in KINDS:
        print(f"{kind}, {CONTACTS:,} campaign contacts, {CLAIMERS} claimers")
        with tempfile.TemporaryDirectory() as name:
            measure(kind, Path(name))


if __name__ == "__main__":
    main()
