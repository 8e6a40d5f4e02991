"""The note on a campaign contact: why it was last skipped, or not dialled.

Hookline's own notes are kept as message ids, so that each reader has them in his language; what a person wrote stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hookline.db.models import CampaignContact
from hookline.domain.dialling import Refusal
from hookline.errors import HooklineError
from hookline.text import fill

#: A message id and what fills it in.
Part = tuple[str, Mapping[str, Any]]


def keep(record: CampaignContact, note: str | Sequence[Part]) -> None:
    """Put the note on the record: a person's words, or Hookline's own in parts."""
    if isinstance(note, str):
        record.last_note, record.note_parts = note, None
        return
    record.last_note = "; ".join(fill(message, params) for message, params in note)
    record.note_parts = [[message, dict(params)] for message, params in note]


def of_refusals(refusals: Iterable[Refusal]) -> list[Part]:
    """The refusals as a note."""
    return [(refusal.message, refusal.params) for refusal in refusals]


def of_error(error: HooklineError) -> list[Part]:
    """An error as a note."""
    return [(error.message_id, {name: str(value) for name, value in error.params.items()})]
