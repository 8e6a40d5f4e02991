"""What contacts are found by: one folded text for each, kept up in the transaction that changes the contact.

The text holds names, company, e-mail address, identifier, city, notes and tags in small letters without accents, and
the digits of the contact's numbers written as the capitals A to J: so that one index serves both, and whoever may not
see numbers cannot find by them, since what he types is folded to small letters.

On SQLite the full-text table `contact_fts` holds the texts cut into trigrams (what is deleted leaves it by a trigger);
on PostgreSQL a trigram index covers the text. Both answer the same question: which texts contain these pieces?
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, delete, event, select, text
from sqlalchemy.orm import Session

from hookline.db.bulk import insert_rows
from hookline.db.models.contacts import Contact, ContactNumber, ContactSearch, ContactTag
from hookline.errors import NotConfigured
from hookline.text import N_

_CHANGED: Final = "contacts whose search text is to be written"
_BATCH = 5_000
_NOTES = 2_000
#: Letters that Unicode does not take apart into a letter and an accent.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
_DIGITS = str.maketrans("0123456789", "ABCDEFGHIJ", "+")
_ACCENTS = re.compile(r"[\u0300-\u036f]+")
_COLUMNS = (
    Contact.first_name,
    Contact.last_name,
    Contact.company,
    Contact.email,
    Contact.external_id,
    Contact.city,
    Contact.notes,
)


def fold(written: str) -> str:
    """Small letters without accents, as texts are compared."""
    small = written.lower()
    if small.isascii():
        return small
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", small.translate(_LETTERS)))


def digits(number: str) -> str:
    """A number's digits as they stand in the text."""
    return number.translate(_DIGITS)


def text_of(words: Iterable[str | None], numbers: Iterable[str], tags: Iterable[str] = ()) -> str:
    """The text of a contact, pieces apart so that none is found across two of them."""
    said = fold("\n".join([*(word[:_NOTES] for word in words if word), *tags]))
    held = "\n".join(numbers).translate(_DIGITS)
    return f"{said}\n{held}" if said and held else said or held


def watch(session: Session) -> None:
    """Take note of contacts that this session changes; `refresh` then writes their texts."""
    session.info[_CHANGED] = set()
    event.listen(session, "after_flush", _note)


def refresh(session: Session) -> None:
    """Before the commit: write the texts of the contacts that were changed."""
    session.flush()
    changed: set[int] = session.info.pop(_CHANGED, set())
    if changed:
        write(session, sorted(changed))


def write(session: Session, contact_ids: Sequence[int]) -> None:
    """Write the texts of these contacts anew; one that is gone, or has nothing left to be found by, loses its text."""
    for ids in _batches(contact_ids):
        session.execute(delete(ContactSearch).where(ContactSearch.contact_id.in_(ids)))
        add(session.connection(), _texts(session.connection(), ids))


def add(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Write texts of contacts (id and text) that have none yet."""
    if not rows:
        return
    insert_rows(connection, ContactSearch, ("contact_id", "text"), rows)
    if connection.dialect.name == "sqlite":
        # Not by a trigger: in a trigger SQLite writes the index out after each row, which takes five times as long.
        connection.exec_driver_sql("INSERT INTO contact_fts(rowid, text) VALUES (?, ?)", list(rows))


def rebuild(connection: Connection) -> None:
    """Write every contact's text anew."""
    connection.execute(delete(ContactSearch))
    after = 0
    while ids := list(
        connection.scalars(select(Contact.id).where(Contact.id > after).order_by(Contact.id).limit(_BATCH))
    ):
        add(connection, _texts(connection, ids))
        after = ids[-1]


def create(connection: Connection) -> None:
    """Make the index (for migrations)."""
    if connection.dialect.name == "sqlite":
        for statement in _SQLITE:
            connection.execute(text(statement))
        return
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except Exception as error:
        raise NotConfigured(
            N_("PostgreSQL's extension pg_trgm, by which contacts are searched, cannot be created in this database."),
            N_("Install PostgreSQL's contrib package, then run as its administrator: CREATE EXTENSION pg_trgm."),
        ) from error
    connection.execute(
        text("CREATE INDEX contact_fts_trigrams ON contact_search USING gin (text gin_trgm_ops) WITH (fastupdate=on)")
    )


def drop(connection: Connection) -> None:
    """Take the index away (for migrations)."""
    if connection.dialect.name == "sqlite":
        for name in ("delete", "update"):
            connection.execute(text(f"DROP TRIGGER contact_fts_{name}"))
        connection.execute(text("DROP TABLE contact_fts"))
    else:
        connection.execute(text("DROP INDEX contact_fts_trigrams"))


def is_part(name: str | None) -> bool:
    """Whether a table or index belongs to the index and to no model."""
    return str(name).startswith("contact_fts")


def tidy(connection: Connection, pages: int = 500) -> bool:
    """Drop what is left of deleted texts from the full-text table, a piece at a time; whether there may be more.

    SQLite keeps a deleted text's trigrams until their segment is merged. On PostgreSQL its vacuum does this.
    """
    if connection.dialect.name != "sqlite":
        return False
    driver = connection.connection.driver_connection
    assert driver is not None
    before = driver.total_changes
    # A negative number merges all segments into one in the end, dropping what was deleted.
    connection.execute(text("INSERT INTO contact_fts(contact_fts, rank) VALUES ('merge', :pages)"), {"pages": -pages})
    return bool(driver.total_changes - before >= 2)


_OLD = "INSERT INTO contact_fts(contact_fts, rowid, text) VALUES ('delete', old.contact_id, old.text);"
_NEW = "INSERT INTO contact_fts(rowid, text) VALUES (new.contact_id, new.text);"
_SQLITE = (
    # detail=none keeps a third of the index; whether pieces stand together is asked of the text itself.
    "CREATE VIRTUAL TABLE contact_fts USING fts5(text, content='contact_search', content_rowid='contact_id', "
    "tokenize='trigram case_sensitive 1', detail=none, columnsize=0)",
    f"CREATE TRIGGER contact_fts_delete AFTER DELETE ON contact_search BEGIN {_OLD} END",
    f"CREATE TRIGGER contact_fts_update AFTER UPDATE ON contact_search BEGIN {_OLD} {_NEW} END",
)


def _note(session: Session, _context: Any) -> None:
    changed = session.info.get(_CHANGED)
    if changed is None:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, Contact):
            changed.add(row.id)
        elif isinstance(row, ContactNumber | ContactTag):
            changed.add(row.contact_id)


def _texts(connection: Connection, ids: Collection[int]) -> list[tuple[int, str]]:
    numbers: dict[int, list[str]] = {}
    for contact_id, e164 in connection.execute(
        select(ContactNumber.contact_id, ContactNumber.e164)
        .where(ContactNumber.contact_id.in_(ids))
        .order_by(ContactNumber.contact_id, ContactNumber.position)
    ):
        numbers.setdefault(contact_id, []).append(e164)
    tags: dict[int, list[str]] = {}
    for contact_id, tag in connection.execute(
        select(ContactTag.contact_id, ContactTag.tag).where(ContactTag.contact_id.in_(ids)).order_by(ContactTag.tag)
    ):
        tags.setdefault(contact_id, []).append(tag)
    found = connection.execute(select(Contact.id, *_COLUMNS).where(Contact.id.in_(ids)))
    rows = ((row[0], text_of(row[1:], numbers.get(row[0], ()), tags.get(row[0], ()))) for row in found)
    return [(contact_id, said) for contact_id, said in rows if said]


def _batches(ids: Sequence[int]) -> Iterator[list[int]]:
    each = iter(ids)
    while batch := list(islice(each, _BATCH)):
        yield batch
