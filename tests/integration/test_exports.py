"""Results as CSV: one row per call or contact, answers and own fields in columns, cells that are harmless."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import ClassVar

import pytest

from hookline.db.models import Campaign
from hookline.domain.access import Scope
from hookline.errors import InvalidInput, NotConfigured, NotFound
from hookline.services import exports
from hookline.services.exports import ExportService, RowPer
from hookline.testing.centre import Centre

ONE, TWO = "+48221234567", "+48221234568"


class _Answers:
    """A script engine that knows the answers of each call by heart."""

    name: ClassVar[str] = "known"

    def answers(self, call_ids: list[int]) -> dict[int, dict[str, str]]:
        """Every call answered one question, and each its own."""
        return {call_id: {"interest": "=HYPERLINK()", f"q{call_id}": "tak"} for call_id in call_ids}


class _Hooks:
    def script_engines(self) -> dict[str, _Answers]:
        """The one engine."""
        return {"known": _Answers()}


@pytest.fixture
def campaign_id(centre: Centre) -> int:
    """A campaign in which one of two contacts was called and closed as a success."""
    anna = centre.agent("anna")
    campaign_id = centre.campaign([ONE, TWO], agents=[anna])
    contact_id = centre.record(campaign_id, ONE).contact_id
    centre.runtime.contacts.edit(
        centre.operator, contact_id, {"first_name": "=cmd|calc", "city": "Łódź"}, {"Segment": "@zł;oty"}
    )
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(13)
    centre.runtime.calls.hang_up(centre.actor(anna))
    centre.advance(1)
    centre.runtime.work.dispose(centre.actor(anna), "SUCCESS", "+chce ofertę")
    return campaign_id


def _read(pieces: Iterator[str], delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(pieces).removeprefix("\ufeff")), delimiter=delimiter))


def test_a_call_is_a_row_with_its_times_result_and_disposition(centre: Centre, campaign_id: int) -> None:
    (row,) = _read(centre.runtime.exports.export_results(centre.operator.scope, campaign_id))
    assert row["number"] == ONE
    assert (row["call_result"], row["disposition"], row["category"]) == ("answered", "SUCCESS", "success")
    assert (row["agent"], row["first_name"], row["note"]) == ("Anna", "'=cmd|calc", "'+chce ofertę")
    assert row["custom:Segment"] == "'@zł;oty"
    call = centre.calls()[0]
    assert row["answered_at"] == call.answered_at.isoformat(timespec="seconds") if call.answered_at else ""
    assert int(row["talk_seconds"]) > 5


def test_every_contact_is_a_row_also_one_that_was_not_called(centre: Centre, campaign_id: int) -> None:
    pieces = centre.runtime.exports.export_results(centre.operator.scope, campaign_id, per=RowPer.CONTACT)
    rows = {row["phone"]: row for row in _read(pieces)}
    assert (rows[ONE]["state"], rows[ONE]["attempts"], rows[ONE]["disposition"]) == ("done", "1", "SUCCESS")
    assert rows[ONE]["last_agent"] == "Anna"
    assert rows[TWO]["disposition"] == rows[TWO]["last_call_at"] == ""


def test_delimiter_and_mark_are_the_readers_choice(centre: Centre, campaign_id: int) -> None:
    pieces = list(centre.runtime.exports.export_results(centre.operator.scope, campaign_id, delimiter=";", bom=True))
    assert pieces[0] == "\ufeff"
    assert _read(iter(pieces), ";")[0]["custom:Segment"] == "'@zł;oty"
    with pytest.raises(InvalidInput):
        centre.runtime.exports.export_results(centre.operator.scope, campaign_id, delimiter="x")


def test_answers_have_a_column_each_and_a_missing_engine_is_said(centre: Centre, campaign_id: int) -> None:
    with centre.runtime.db.write() as unit:
        unit.session.get_one(Campaign, campaign_id).script = "known:1"
    service = ExportService(centre.runtime.db, _Hooks())  # type: ignore[arg-type]
    (row,) = _read(service.export_results(centre.operator.scope, campaign_id))
    assert (row["answer:interest"], row["answer:q1"]) == ("'=HYPERLINK()", "tak")
    by_contact = _read(service.export_results(centre.operator.scope, campaign_id, per=RowPer.CONTACT))
    assert [r["answer:q1"] for r in by_contact] == ["tak", ""]
    with pytest.raises(NotConfigured):
        centre.runtime.exports.export_results(centre.operator.scope, campaign_id)
    without = centre.runtime.exports.export_results(centre.operator.scope, campaign_id, with_answers=False)
    assert "answer:interest" not in _read(without)[0]


def test_a_campaign_outside_the_scope_is_not_found(centre: Centre, campaign_id: int) -> None:
    other = centre.client("Globex")
    for scope in (Scope(frozenset({other})), Scope(frozenset({centre.client_id}), frozenset({campaign_id + 1}))):
        with pytest.raises(NotFound):
            centre.runtime.exports.export_results(scope, campaign_id)
    with pytest.raises(NotFound):
        centre.runtime.exports.export_results(centre.operator.scope, 999)


def test_long_exports_come_in_chunks_without_gap_or_repeat(
    centre: Centre, campaign_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_CHUNK", 1)
    rows = _read(centre.runtime.exports.export_results(centre.operator.scope, campaign_id, per=RowPer.CONTACT))
    assert sorted(row["phone"] for row in rows) == [ONE, TWO]
