"""What is found in a file before anything is imported."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookline.services.csv_cells import clean, neutralise, restore, write_rows
from hookline.services.imports import reading
from hookline.services.imports.errors import FileRefused
from hookline.services.imports.mapping import guess

POLISH = "Telefon;Imię;Miasto\n600100200;Łucja;Łódź\n601100200;Żaneta;Kraków\n"


def _file(folder: Path, data: bytes | str) -> Path:
    path = folder / "file.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_separator_mark_and_line_ends_are_found(tmp_path: Path, delimiter: str, mark: bytes, line_end: str) -> None:
    text = POLISH.replace(";", delimiter).replace("\n", line_end)
    found = reading.inspect(_file(tmp_path, mark + text.encode()))
    assert found.dialect == reading.Dialect(delimiter, True, ("Telefon", "Imię", "Miasto"))
    assert found.rows == 2
    assert found.first_rows[0] == ("600100200", "Łucja", "Łódź")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n;;\r\n", "empty"),
        (POLISH.encode("cp1250"), "Windows-1250.*line 1"),
        (POLISH.replace("Żaneta", "Jaśmina").encode("iso8859-2"), "ISO 8859-2"),
        (POLISH.encode("utf-16"), "UTF-16"),
        (POLISH.encode("utf-16-le"), "UTF-16"),
        (POLISH.encode("utf-32"), "UTF-16"),
        (b"Telefon\n600100200\n60\x00200\n", "Line 3 has a NUL byte"),
        (b"PK\x03\x04" + b"\x00" * 50, "ZIP"),
        (b"%PDF-1.7 \xe2\xe3", "PDF"),
        (b"\x01\x02\x03\x04\x05\x06" * 20, "control characters"),
        (bytes(range(128, 256)) * 4, "not UTF-8"),
        ("Telefon;Imię\n", "no rows"),
        ('Telefon,Imię\n600100200,"Jan\n601100200,Ola\n', "line 2 is never closed"),
        ('Telefon,Imię\n600100200,"Jan\n601100200,"Ola",x\n602100200,Iza\n', "line 2 is never closed"),
        ('Telefon\n600100200\n"601100200', "line 3 is never closed"),
        (",".join(f"c{i}" for i in range(300)) + "\n" + ",".join("1" * 300) + "\n", "300 columns"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_it_is(tmp_path: Path, data: bytes | str, said: str) -> None:
    with pytest.raises(FileRefused, match=f"(?s){said}") as refused:
        reading.inspect(_file(tmp_path, data))
    assert refused.value.advice


def test_a_damaged_byte_far_into_the_file_is_found_with_its_line(tmp_path: Path) -> None:
    data = b"Telefon\n" + b"600100200\n" * 200_000 + b"\xb9\n"
    with pytest.raises(FileRefused, match="line 200002"):
        reading.inspect(_file(tmp_path, data))


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("600100200;Jan\n601100200;Ola\n", False),
        ("600100200\n", False),
        ("a;b\n600100200;x\n", True),
        ("Nr tel.;x\n600100200;y\n", True),
        ("jan@example.com;600100200\nola@example.com;601100200\n", False),
    ],
)
def test_a_header_is_told_from_data(tmp_path: Path, text: str, header: bool) -> None:
    assert reading.inspect(_file(tmp_path, text)).dialect.has_header is header


def test_headers_used_twice_are_named_with_their_positions(tmp_path: Path) -> None:
    found = reading.inspect(_file(tmp_path, "Telefon;Imię;telefon\n600100200;Jan;601100200\n"))
    assert [n.params for n in found.notices] == [{"label": "Telefon", "positions": "1, 3"}]
    assert guess(found, "PL") == {0: "phone", 1: "first_name", 2: "phone2"}


def test_rows_are_numbered_as_in_the_file_and_empty_ones_left_out(tmp_path: Path) -> None:
    path = _file(tmp_path, 'Telefon;Uwagi\n600100200;"dwie\nlinie"\n\n;\n601100200;x\n')
    found = reading.inspect(path)
    assert [(r.number, r.cells[0]) for r in reading.rows(path, found.dialect)] == [(2, "600100200"), (5, "601100200")]
    assert found.rows == 2


def test_columns_that_nobody_fills_do_not_count(tmp_path: Path) -> None:
    found = reading.inspect(_file(tmp_path, "Telefon;Imię;;;\n600100200;Jan;;;\n601100200;Ola;;;\n"))
    assert found.dialect.columns == ("Telefon", "Imię")


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Telefon", "phone"),
        ("Nr telefonu", "phone"),
        ("NUMER", "phone"),
        ("Phone number", "phone"),
        ("Telefon 2", "phone2"),
        ("Imię", "first_name"),
        ("Nazwisko", "last_name"),
        ("Imię i nazwisko", "full_name"),
        ("Firma", "company"),
        ("Miasto", "city"),
        ("E-mail", "email"),
        ("Adres e-mail", "email"),
        ("ID klienta", "external_id"),
        ("Uwagi", "notes"),
        ("Język", "language"),
    ],
)
def test_headers_in_both_languages_are_understood(tmp_path: Path, header: str, field: str) -> None:
    found = reading.inspect(_file(tmp_path, f"{header};zzz\nx;y\n"), has_header=True)
    assert guess(found, "PL") == {0: field, 1: "ignore"}


def test_without_a_header_the_phone_column_is_found_by_what_it_holds(tmp_path: Path) -> None:
    found = reading.inspect(_file(tmp_path, "1;Jan;600100200;jan@example.com\n2;Ola;601100200;ola@example.com\n"))
    assert guess(found, "PL") == {0: "ignore", 1: "ignore", 2: "phone", 3: "email"}


# Cells without line ends at their edges survive any separator; NUL and lone surrogates are not text.
_CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
_ROW = st.lists(_CELL, min_size=2, max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(_ROW, min_size=1, max_size=8), delimiter=st.sampled_from(reading.DELIMITERS))
def test_what_was_written_as_csv_is_read_back(tmp_path: Path, rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    path = _file(tmp_path, out.getvalue())
    dialect = reading.Dialect(delimiter, False, ("",) * 4)
    expected = [tuple(row) for row in rows if any(cell and not cell.isspace() for cell in row)]
    assert [row.cells for row in reading.rows(path, dialect)] == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_reason(tmp_path: Path, data: bytes) -> None:
    path = _file(tmp_path, data)
    try:
        found = reading.inspect(path)
    except FileRefused:
        return  # any other error fails the test
    assert sum(1 for _ in reading.rows(path, found.dialect)) == found.rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(text=st.text(st.sampled_from('";,\t\n\r06a= '), max_size=60))
def test_any_arrangement_of_quotes_and_separators_is_read_or_refused(tmp_path: Path, text: str) -> None:
    path = _file(tmp_path, text)
    try:
        found = reading.inspect(path)
    except FileRefused:
        return
    numbers = [row.number for row in reading.rows(path, found.dialect)]
    assert len(numbers) == found.rows
    assert numbers == sorted(set(numbers))


@given(_CELL)
def test_a_neutralised_cell_is_no_formula_and_can_be_restored(cell: str) -> None:
    harmless = neutralise(cell)
    assert restore(harmless) == restore(cell)
    assert not harmless.startswith(("=", "@", "\t", "\r", "＝"))
    assert clean(clean(cell)) == clean(cell) or clean(cell).startswith("'")


@pytest.mark.parametrize("cell", ["+48600100200", "-5", "+1.5", "600100200"])
def test_numbers_stay_usable(cell: str) -> None:
    assert neutralise(cell) == cell


@pytest.mark.parametrize("cell", ["=1+1", "+48600 +48601", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "+cmd|x"])
def test_formulas_get_an_apostrophe(cell: str) -> None:
    assert neutralise(cell) == f"'{cell}"
    assert restore(f"'{cell}") == cell


def test_written_rows_begin_with_a_mark_only_where_asked() -> None:
    assert list(write_rows([["ą", None, 5]], ";", bom=True)) == ["\ufeff", "ą;;5\r\n"]
    assert list(write_rows([["a,b", '"']], ",")) == ['"a,b",""""\r\n']
