"""How long a page of contacts takes to find among a million, on SQLite and PostgreSQL: by words, parts of numbers,
identifiers, e-mail, words that fit many and words that fit nobody; and page 1 beside page 10,000.

The contacts come in by the import path. HOOKLINE_BENCH_ROWS sets how many; HOOKLINE_BENCH_DATABASES which databases.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from import_speed import full_path, people, write_file

from hookline.bootstrap import Runtime
from hookline.settings import Settings
from hookline.testing.databases import KINDS, fresh_database

ROWS = int(os.environ.get("HOOKLINE_BENCH_ROWS", "1000000"))
DATABASES = os.environ.get("HOOKLINE_BENCH_DATABASES", ",".join(KINDS)).split(",")
ASKED = 40
PAGE = 50


def queries(sample: list[tuple[str, ...]]) -> dict[str, list[str]]:
    """What people look for, by kind."""
    chance = random.Random(11)
    some = [chance.choice(sample) for _ in range(ASKED)]
    return {
        "whole name": [f"{row[2]} {row[3]}" for row in some],
        "part of a name": [row[3][1:6] for row in some],
        "frequent word": [row[2] for row in some],
        "number": [row[0] for row in some],
        "last six digits": [row[0][-6:] for row in some],
        "four digits": [row[0][2:6] for row in some],
        "identifier": [row[1] for row in some],
        "e-mail": [row[5] or f"{row[2]}.{row[3]}@".lower() for row in some],
        "word and city": [f"{row[3]} {row[6]}" for row in some],
        "nobody": [f"{row[2]}xq{n}" for n, row in enumerate(some)],
        "frequent apart, never together": [f"{row[2][:3].lower()}{row[6][-3:].lower()}" for row in some],
    }


def measured(act: Callable[[int], object], times: int) -> tuple[float, float]:
    """p50 and p95 in milliseconds."""
    took = []
    for number in range(times):
        began = time.perf_counter()
        act(number)
        took.append((time.perf_counter() - began) * 1000)
    cut = statistics.quantiles(took, n=20)
    return statistics.median(took), cut[18]


def ask(runtime: Runtime, sample: list[tuple[str, ...]]) -> None:
    """Measure and print one database."""
    actor = runtime.identity.system_actor()
    everything: list[float] = []
    for kind, asked in queries(sample).items():
        p50, p95 = measured(lambda n, asked=asked: runtime.contacts.search(actor, asked[n], limit=PAGE), len(asked))  # type: ignore[misc]
        everything.append(p95)
        print(f"  {kind:32} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms")
    print(f"  {'worst p95':32} {max(everything):25.1f} ms")
    list_id = runtime.lists.index(actor.scope)[0].id
    for words in ("", "Firma"):
        for page in (1, min(10_000, ROWS // PAGE - 1)):
            after = (page - 1) * PAGE
            for where, chosen in (("all contacts", None), ("one list", list_id)):
                p50, p95 = measured(
                    lambda _n, a=after, c=chosen, w=words: runtime.contacts.search(
                        actor, w, after=a, list_id=c, limit=PAGE
                    ),  # type: ignore[misc]
                    20,
                )
                name = f"page {page:,} of {where}" + (f", “{words}”" if words else "")
                print(f"  {name:44} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms")


def main() -> None:
    """Measure and print."""
    rows = list(people(ROWS))
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "contacts.csv"
        write_file(file, rows)
        for kind in DATABASES:
            folder = Path(name) / kind
            folder.mkdir()
            with fresh_database(kind, folder) as url:
                runtime = Runtime(Settings(folder, url))
                began = time.perf_counter()
                came = full_path(runtime, file)
                seconds = time.perf_counter() - began
                print(f"{kind}: {came:,} contacts imported in {seconds:,.0f} s ({came / seconds:,.0f} rows/s)")
                if kind != "sqlite":
                    with runtime.db.engine.connect() as connection:
                        connection.exec_driver_sql("ANALYZE")
                ask(runtime, rows)
                runtime.close()


if __name__ == "__main__":
    main()
