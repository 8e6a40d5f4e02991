"""The commands that bring contacts in, keep the suppression list and hand results out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hookline.bootstrap import Runtime
from hookline.cli import cli
from hookline.domain.campaigns import Purpose
from hookline.services.campaigns import CampaignDraft
from hookline_web.testing import People

Run = Callable[..., Result]
FILE = "Telefon;Imię\n600100200;Łucja\nx;Jan\n"


@pytest.fixture
def run(runtime: Runtime, people: People, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs the command in the installation of the test's people."""
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_DATA_DIR", str(runtime.settings.data_dir))
    monkeypatch.setenv("HOOKLINE_DATABASE_URL", runtime.settings.database_url)
    return lambda *arguments: CliRunner().invoke(cli, [str(a) for a in arguments])


def _file(tmp_path: Path, data: str | bytes = FILE) -> Path:
    path = tmp_path / "kontakty.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def _import(run: Run, path: Path, *more: str) -> Result:
    return run("contacts", "import", path, "--client", "acme", "--list", "Wiosna", *more)


def test_a_file_is_imported_and_its_rejected_rows_written_beside_it(run: Run, tmp_path: Path) -> None:
    path = _file(tmp_path)
    result = _import(run, path, "--country", "pl")
    assert result.exit_code == 0, result.output
    assert "imported 1, merged 0, rejected 1, of 2 rows" in result.output
    assert "row 3: “x” is not a phone number." in result.output
    rejected = tmp_path / "kontakty.csv.rejected.csv"
    assert "x;Jan;3;" in rejected.read_text(encoding="utf-8-sig")
    assert "Acme" in run("contacts", "lists").output


def test_nothing_is_overwritten_and_nothing_doubled_the_second_time(run: Run, tmp_path: Path) -> None:
    path = _file(tmp_path)
    _import(run, path, "--country", "PL")
    first = (tmp_path / "kontakty.csv.rejected.csv").read_bytes()
    result = _import(run, path)
    assert "imported 0, merged 1, rejected 1" in result.output
    assert (tmp_path / "kontakty.csv.rejected.csv").read_bytes() == first
    assert (tmp_path / "kontakty.csv.rejected-2.csv").exists()


@pytest.mark.parametrize(
    ("data", "more", "said"),
    [
        (FILE.encode("cp1250"), ["--country", "PL"], "Windows-1250"),
        (b"Imi\xc4\x99;Miasto\nJan;Rzym\n", ["--country", "PL"], "No column is mapped to the phone"),
        (FILE, [], "is new"),
        (FILE, ["--country", "PL", "--map", "phone=Numer"], "no column “Numer”"),
        (FILE, ["--country", "PL", "--map", "phone"], "FIELD=COLUMN"),
        (FILE, ["--country", "XX"], "no country code"),
        (FILE, ["--country", "PL", "--delimiter", "x"], "comma, a semicolon or a tab"),
    ],
)
def test_what_cannot_be_imported_says_why_and_leaves_nothing(
    run: Run, runtime: Runtime, tmp_path: Path, data: str | bytes, more: list[str], said: str
) -> None:
    result = _import(run, _file(tmp_path, data), *more)
    assert result.exit_code != 0
    assert said in result.output + str(result.exception)
    assert runtime.lists.index(runtime.identity.system_actor().scope) == []
    uploads = runtime.settings.uploads_dir
    assert not uploads.exists() or list(uploads.iterdir()) == []


def test_columns_are_mapped_by_header_or_position(run: Run, tmp_path: Path) -> None:
    path = _file(tmp_path, "a;Telefon;Telefon\nx;600100200;601100200\n")
    twice = _import(run, path, "--country", "PL", "--map", "phone=Telefon")
    assert "more than once" in str(twice.exception)
    result = _import(run, path, "--country", "PL", "--map", "phone=#3", "--map", "custom:Kod=a", "--map", "phone2=#2")
    assert "imported 1" in result.output, result.output


def test_a_list_keeps_its_country(run: Run, tmp_path: Path) -> None:
    _import(run, _file(tmp_path), "--country", "PL")
    assert "has one country" in str(_import(run, _file(tmp_path), "--country", "DE").exception)


def test_an_unknown_client_is_answered_with_those_there_are(run: Run, tmp_path: Path) -> None:
    result = run("contacts", "import", _file(tmp_path), "--client", "nobody", "--list", "L", "--country", "PL")
    assert "Acme, Globex" in str(result.exception)


def test_suppression_is_added_listed_and_removed(run: Run, tmp_path: Path) -> None:
    why = ("--reason", "objection", "--source", "letter")
    result = run("suppression", "add", "600 100 200", "x", "--client", "Acme", *why)
    assert "added 1, already there 0, not read 1" in result.output
    result = run("suppression", "add", "--file", _file(tmp_path), "--everywhere", *why)
    assert "added 1" in result.output, result.output
    listed = run("suppression", "list", "600100200").output
    assert "everywhere" in listed
    assert "Acme" in listed
    assert "may be called again (Acme)" in run("suppression", "remove", 1).output
    assert "Acme" not in run("suppression", "list").output
    for wrong in (("add", "600100200", *why), ("add", "--client", "Acme", *why), ("remove", 99)):
        assert run("suppression", *wrong).exit_code == 1


def test_results_are_written_to_a_file_that_is_not_overwritten(
    run: Run, runtime: Runtime, people: People, tmp_path: Path
) -> None:
    _import(run, _file(tmp_path), "--country", "PL")
    draft = CampaignDraft(
        client_id=people.acme, name="Oferta", purpose=Purpose.SERVICE, backend="telephony_sip", list_ids=[1]
    )
    runtime.campaigns.create(runtime.identity.system_actor(), draft)
    out = tmp_path / "out.csv"
    result = run("results", "export", "Oferta", "--per", "contact", "--delimiter", "semicolon", "-o", out)
    assert result.exit_code == 0, result.output
    assert "1;;Łucja;" in out.read_text(encoding="utf-8")
    assert run("results", "export", "Oferta", "-o", out).exit_code == 2
    assert run("results", "export", "Oferta", "-o", out, "--force").exit_code == 0
    assert run("results", "export", "1").output.startswith("contact_id,")
    assert "no campaign" in str(run("results", "export", "Nope").exception)


def test_an_import_is_listed_and_taken_back(run: Run, tmp_path: Path) -> None:
    assert "Nothing was imported yet." in run("imports", "list").output
    file = tmp_path / "people.csv"
    file.write_text("phone;first_name\n600100300;Ewa\n600100301;Jan\n", encoding="utf-8")
    where = ("--client", "Acme", "--list", "People", "--country", "PL")
    assert run("contacts", "import", str(file), *where).exit_code == 0
    listed = run("imports", "list").output
    assert "people.csv" in listed
    assert "2/2" in listed
    assert run("imports", "rules", "1").exit_code == 0
    assert "Nothing was changed." in run("imports", "undo", "1").output
    assert "Removed: 2." in run("imports", "undo", "1", "--yes").output
    assert run("imports", "cancel", "1").exit_code == 1, "it has ended"
