"""Consents from a file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from hookline import bootstrap
from hookline.bootstrap import Runtime
from hookline.domain.access import Actor, Role, Scope
from hookline.errors import HooklineError, InvalidInput, NotFound, NotPermitted
from hookline_gdpr.cli import gdpr
from hookline_gdpr.importer import ConsentImporter, ImportReport
from hookline_gdpr.models import Consent
from hookline_web.testing import People
from tests.plugins.places import Place, make_place

HEADER = "phone;given_at;wording;evidence;valid_until\n"


def run(runtime: Runtime, path: Path, text: str | bytes, client_id: int) -> ImportReport:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return ConsentImporter(runtime.db).run(runtime.identity.system_actor(), path, client_id, "PL")


def stored(runtime: Runtime) -> list[Consent]:
    with runtime.db.read() as session:
        return session.query(Consent).order_by(Consent.id).all()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "consents.csv"


def test_rows_are_recorded_rejected_and_known(runtime: Runtime, place: Place, file: Path) -> None:
    text = (
        "\ufeff" + HEADER + "600 100 200;10.01.2025;I agree;form 7;2026-01-10\n"
        "600100999;10.01.2025;I agree;form 8;\n"
        "600100200;yesterday;I agree;form 9;\n"
        "\n"
        "600100200;2025-02-01;;form 9;\n"
        "600100200;2999-02-01;I agree;form 9;\n"
        "12;2025-02-01;I agree;form 9;\n"
        '600100200;2025-02-01T10:30;"I agree;\nin two lines";form 9;\n'
    )
    report = run(runtime, file, text, place.client_id)
    assert (report.recorded, report.known) == (2, 0)
    assert [row for row, *_ in report.rejected] == [3, 4, 6, 7, 8]
    assert "no such contact" in report.rejected[0][2]
    assert report.rejected[1][2].startswith("given_at: A date is expected")
    assert report.rejected[2][2].startswith("wording: This is needed")
    first, second = stored(runtime)
    assert (first.given_at.isoformat(), first.valid_until and first.valid_until.isoformat()) == (
        "2025-01-09T23:00:00+00:00",
        "2026-01-10T23:00:00+00:00",
    )
    assert second.given_at.isoformat() == "2025-02-01T09:30:00+00:00"
    again = run(runtime, file, text, place.client_id)
    assert (again.recorded, again.known) == (0, 2)
    assert len(stored(runtime)) == 2


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_contacts_are_found_by_external_id(runtime: Runtime, place: Place, file: Path, delimiter: str) -> None:
    text = "external_id,given_at,wording,evidence\nX-200,2025-01-10,I agree,form 7\n".replace(",", delimiter)
    assert run(runtime, file, text, place.client_id).recorded == 1


def test_contacts_of_another_client_are_not_found(runtime: Runtime, people: People, place: Place, file: Path) -> None:
    make_place(runtime, people.globex, people.agent, number="+48600100777")
    text = HEADER + "600100777;2025-01-10;I agree;form 7;\n"
    assert len(run(runtime, file, text, people.acme).rejected) == 1
    assert stored(runtime) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"given_at;wording;evidence\n",
        b"phone;given_at;wording\n600100200;2025-01-10;x\n",
        b"phone;phone;given_at;wording;evidence\n",
        HEADER.encode() + b"600100200;2025-01-10;\x00;x;\n",
        HEADER.encode() + "600100200;2025-01-10;zgadzam się;ż;\n".encode("cp1250"),
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_whole(
    runtime: Runtime, place: Place, file: Path, content: bytes
) -> None:
    with pytest.raises(InvalidInput) as caught:
        run(runtime, file, content, place.client_id)
    assert caught.value.message
    assert caught.value.advice
    assert stored(runtime) == []


def test_only_who_may_and_only_in_his_clients(runtime: Runtime, people: People, file: Path) -> None:
    file.write_text(HEADER)
    importer = ConsentImporter(runtime.db)
    supervisor = runtime.identity.actor(runtime.identity.get_user(people.supervisor))
    assert importer.run(supervisor, file, people.acme, "PL") == ImportReport()
    with pytest.raises(NotFound):
        importer.run(supervisor, file, people.globex, "PL")
    nobody = Actor(1, "x", Role.SUPERVISOR, frozenset(), Scope.everything())
    with pytest.raises(NotPermitted):
        importer.run(nobody, file, people.acme, "PL")


def test_the_command(
    runtime: Runtime, place: Place, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "build", lambda: runtime)
    file.write_text(HEADER + "600100200;2025-01-10;I agree;form 7;\n600100999;2025-01-10;=HYPERLINK();x;\n")
    rejected = tmp_path / "rejected.csv"
    done = CliRunner().invoke(gdpr, ["consents", "import", str(file), "--client", "Acme", "--rejected", str(rejected)])
    assert "Recorded: 1. Already there: 0. Rejected: 1." in done.output
    with rejected.open(newline="") as written:
        (row,) = csv.DictReader(written)
    assert (row["phone"], row["row"], row["wording"]) == ("600100999", "3", "'=HYPERLINK()")
    unknown = CliRunner().invoke(gdpr, ["consents", "import", str(file), "--client", "Nobody"])
    assert isinstance(unknown.exception, HooklineError)
