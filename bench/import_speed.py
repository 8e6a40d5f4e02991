"""How fast a contact list comes in, beside the fastest and the usual way of writing the same rows.

The full path is what a person starts on the import page: the file is read, numbers are checked, rows are deduplicated,
the suppression list is asked, and contacts, numbers, places on the list and the search index are written, batch by
batch. Beside it, in the same run: bare executemany of the finished rows into the same tables (nothing read, checked or
found again) and into one table without any index, and SQLAlchemy's add_all. HOOKLINE_BENCH_ROWS sets the size.
"""

from __future__ import annotations

import csv
import importlib.util
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import phonenumbers

from hookline.bootstrap import Runtime
from hookline.db.models import Contact, ContactNumber, ListContact
from hookline.services.clients import ClientDraft
from hookline.services.imports import NewList
from hookline.services.phones import normalise
from hookline.services.phones_bulk import BulkNumbers
from hookline.settings import Settings
from hookline.testing.databases import lay_sqlite

ROWS = int(os.environ.get("HOOKLINE_BENCH_ROWS", "100000"))
ADDED = 10_000
HEADER = ("Telefon", "ID", "Imię", "Nazwisko", "Firma", "E-mail", "Miasto", "Uwagi")
FIRST = ("Jan", "Anna", "Piotr", "Łukasz", "Katarzyna", "Tomasz", "Małgorzata", "Zofia", "Karol", "Ewa", "Paweł")
LAST = ("Nowak", "Wiśniewski", "Wójcik", "Kowalczyk", "Kamiński", "Lewandowski", "Zieliński", "Szymański", "Woźniak")
CITIES = ("Warszawa", "Kraków", "Łódź", "Wrocław", "Poznań", "Gdańsk", "Lublin", "Białystok")
PREFIXES = ("50", "51", "53", "57", "60", "66", "69", "72", "78", "88")

Made = tuple[str, ...]


def people(count: int) -> Iterator[Made]:
    """Rows as a client's file has them; the same in every run."""
    chance = random.Random(7)
    for number, place in enumerate(chance.sample(range(100_000_000), count)):
        first, last = chance.choice(FIRST), f"{chance.choice(LAST)}{place % 997}"
        mail = f"{first}.{last}@example.com".lower() if number % 2 else ""
        phone = f"{PREFIXES[place // 10_000_000]}{place % 10_000_000:07d}"
        yield (phone, f"K{number:07d}", first, last, f"Firma {place % 5000}", mail, chance.choice(CITIES), "")


def write_file(path: Path, rows: Sequence[Made]) -> None:
    """The rows as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        writer.writerows(rows)


def full_path(runtime: Runtime, file: Path) -> int:
    """Import the file, as the page does; how many rows came in."""
    actor = runtime.identity.system_actor()
    client_id = runtime.clients.add_client(actor, ClientDraft(name="Acme"))
    with file.open("rb") as stream:
        import_id = runtime.imports.upload(actor, stream, file.name, NewList(client_id, "Spring", "PL"))
    runtime.imports.run(actor, import_id)
    report = runtime.import_reports.get(actor, import_id)
    return report.imported


def finished(runtime: Runtime) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """What the import wrote: columns and rows of each table, as the driver takes them."""
    with sqlite3.connect(runtime.settings.data_dir / "hookline.db") as connection:
        found = {}
        for table in ("clients", "lists", "contacts", "contact_numbers", "list_contacts"):
            cursor = connection.execute(f"SELECT * FROM {table}")
            found[table] = ([column[0] for column in cursor.description], cursor.fetchall())
        return found


def bare(path: Path, tables: dict[str, tuple[list[str], list[tuple[Any, ...]]]]) -> None:
    """The finished rows into the same tables, by the driver itself, in one transaction."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")
        for table, (columns, rows) in tables.items():
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        connection.execute("COMMIT")


def plainest(path: Path, rows: Sequence[Made]) -> None:
    """The file's cells into one table without index, key or check."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t(a, b, c, d, e, f, g, h)")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")


def add_all(runtime: Runtime, rows: Sequence[Made]) -> None:
    """The rows by SQLAlchemy's objects, numbers taken as they are."""
    actor = runtime.identity.system_actor()
    client_id = runtime.clients.add_client(actor, ClientDraft(name="Acme"))
    list_id = runtime.lists.create(actor, client_id, "Spring", "PL")
    for start in range(0, len(rows), 1000):
        with runtime.db.write() as unit:
            now = unit.clock.now()
            made = [
                Contact(
                    client_id=client_id, external_id=r[1], first_name=r[2], last_name=r[3], company=r[4], email=r[5],
                    city=r[6], time_zone="Europe/Warsaw", created_at=now, updated_at=now,
                    numbers=[ContactNumber(client_id=client_id, e164=f"+48{r[0]}")],
                )
                for r in rows[start : start + 1000]
            ]  # fmt: skip
            unit.session.add_all(made)
            unit.session.flush()
            unit.session.add_all(ListContact(list_id=list_id, contact_id=c.id) for c in made)


def rate(count: int, act: Callable[[], object]) -> float:
    """Rows a second of processor time: what else the machine does meanwhile does not count."""
    began = time.process_time()
    act()
    return count / (time.process_time() - began)


def numbers(texts: Sequence[str]) -> None:
    """How fast numbers are read: the reference alone, our patterns, and rphonenumbers where it is installed."""
    few = texts[:5000]
    bulk = BulkNumbers("PL")
    print(f"numbers/s: phones.normalise {rate(len(few), lambda: [normalise(t, 'PL') for t in few]):,.0f}", end="")
    print(f", phonenumbers alone {rate(len(few), lambda: [_e164(phonenumbers, t) for t in few]):,.0f}", end="")
    print(f", patterns {rate(len(texts), lambda: [bulk.usual(t) for t in texts]):,.0f}", end="")
    if importlib.util.find_spec("rphonenumbers") is None:
        print(", rphonenumbers not installed")
        return
    rphonenumbers = importlib.import_module("rphonenumbers")
    agree = sum(_e164(rphonenumbers, t) == _e164(phonenumbers, t) for t in few)
    speed = rate(len(texts), lambda: [_e164(rphonenumbers, t) for t in texts])
    theirs, ours = rphonenumbers.__phonenumbers_version__, phonenumbers.__version__
    print(f", rphonenumbers {speed:,.0f} (metadata {theirs}, the reference's {ours}; agrees on {agree} of {len(few)})")


def _e164(library: Any, text: str) -> str | None:
    found = library.parse(text, "PL")
    return library.format_number(found, 0) if library.is_valid_number(found) else None


def main() -> None:
    """Measure and print."""
    rows = list(people(ROWS))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_file(folder / "contacts.csv", rows)
        for part in ("full", "orm"):
            (folder / part).mkdir()
        full = Runtime(Settings(folder / "full", lay_sqlite(folder / "full" / "hookline.db")))
        orm = Runtime(Settings(folder / "orm", lay_sqlite(folder / "orm" / "hookline.db")))
        came = 0

        def bring_in() -> None:
            nonlocal came
            came = full_path(full, folder / "contacts.csv")

        ours = rate(ROWS, bring_in)
        tables = finished(full)
        lay_sqlite(folder / "bare.db")
        same = rate(ROWS, lambda: bare(folder / "bare.db", tables))
        one = rate(ROWS, lambda: plainest(folder / "plain.db", rows))
        objects = rate(ADDED, lambda: add_all(orm, rows[:ADDED]))
        full.close()
        orm.close()
    print(f"{ROWS:,} rows, {came:,} imported")
    print(f"full path                            {ours:10,.0f} rows/s")
    print(f"bare executemany, the same tables    {same:10,.0f} rows/s   full path / this = {ours / same:.2f}")
    print(f"bare executemany, one plain table    {one:10,.0f} rows/s   full path / this = {ours / one:.2f}")
    print(f"ORM add_all                          {objects:10,.0f} rows/s   full path / this = {ours / objects:.1f}")
    numbers([row[0] for row in rows])


if __name__ == "__main__":
    main()
