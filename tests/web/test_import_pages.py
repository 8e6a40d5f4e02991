"""The import in the browser's eyes: upload, columns, preview, progress, report; lists around it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest

from hookline.bootstrap import Runtime
from hookline_web.testing import PageClient, People
from tests.integration.importing import everything

FILE = "Telefon;Imię;Segment\n600100200;Łucja;złoty\nx;=cmd;\n601100200;Jan;srebrny\n"


@pytest.fixture
def admin(browser: Callable[[str | None], PageClient]) -> PageClient:
    return browser("admin")


def _upload(admin: PageClient, people: People, data: str | bytes = FILE, **fields: str) -> str:
    """Upload into a new list; the address of the import."""
    raw = data.encode() if isinstance(data, str) else data
    form = {"client_id": str(people.acme), "name": "Wiosna", "country": "PL", **fields}
    answer = admin.post("/imports/new", data={**form, "file": (io.BytesIO(raw), "kontakty.csv")})
    assert answer.status_code == 302, answer.text
    return answer.location


def test_the_whole_way_from_file_to_report(admin: PageClient, people: People, runtime: Runtime) -> None:
    address = _upload(admin, people)
    page = admin.get(address).text
    assert "Wiosna" in page
    assert "+48600100200" in page
    assert "“x” is not a phone number." in page
    assert re.search(r'<option value="phone" selected>', page)
    assert (
        admin.post(
            f"{address}/start", data={"column-0": "phone", "column-1": "first_name", "column-2": "custom:Segment"}
        ).status_code
        == 302
    )
    runtime.imports.wait(1, timeout=30)
    report = admin.get(address).text
    assert "Rejected rows" in report
    assert "“x” is not a phone number." in report
    back = admin.get(f"{address}/rejected.csv")
    assert back.mimetype == "text/csv"
    assert "x;'=cmd;;3;“x” is not a phone number." in back.text
    contact = everything(runtime)[0]
    assert contact[3] == "Łucja"
    assert contact[11] == [("Segment", "złoty")]
    assert "+48600100200" in admin.get("/lists/1").text


def test_the_preview_follows_the_columns_as_they_are_chosen(admin: PageClient, people: People) -> None:
    address = _upload(admin, people)
    shown = admin.post(f"{address}/preview", data={"column-0": "ignore", "column-1": "first_name"}).text
    assert "No column is mapped to the phone." in shown
    shown = admin.post(f"{address}/preview", data={"column-0": "phone", "column-2": "custom:Segment"}).text
    assert "Segment: złoty" in shown
    assert "<html" not in shown


def test_starting_without_a_phone_says_so_on_the_page(admin: PageClient, people: People) -> None:
    address = _upload(admin, people)
    answer = admin.post(f"{address}/start", data={"column-0": "ignore", "column-1": "first_name"})
    assert answer.status_code == 422
    assert "No column is mapped to the phone." in answer.text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (FILE.encode("cp1250"), "Windows-1250"),
        (b"Telefon\n60\x00\n", "NUL byte"),
        (b"", "The file is empty."),
        (FILE.encode("utf-16"), "UTF-16"),
    ],
)
def test_a_bad_file_is_refused_where_the_person_looks_and_the_form_keeps_what_was_typed(
    admin: PageClient, people: People, runtime: Runtime, data: bytes, said: str
) -> None:
    form = {"client_id": str(people.acme), "name": "Wiosna", "country": "DE"}
    answer = admin.post("/imports/new", data={**form, "file": (io.BytesIO(data), "x.csv")})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Wiosna"' in answer.text
    assert runtime.lists.index(runtime.identity.system_actor().scope) == []


def test_an_upload_without_a_file_or_list_says_what_is_missing(admin: PageClient, people: People) -> None:
    answer = admin.post("/imports/new", data={"name": "x"})
    assert (answer.status_code, "No file was chosen." in answer.text) == (422, True)
    answer = admin.post("/imports/new", data={"file": (io.BytesIO(FILE.encode()), "x.csv")})
    assert (answer.status_code, "Fill this in." in answer.text) == (422, True)


def test_reading_again_and_discarding(admin: PageClient, people: People, runtime: Runtime) -> None:
    address = _upload(admin, people)
    assert admin.post(f"{address}/reread", data={"delimiter": ";", "has_header": "false"}).status_code == 302
    assert "Column 1" in admin.get(address).text
    assert admin.post(f"{address}/discard").status_code == 302
    assert admin.get(address).status_code == 404
    assert list(runtime.settings.uploads_dir.iterdir()) == []


def test_progress_reloads_the_page_when_the_import_has_ended(
    admin: PageClient, people: People, runtime: Runtime
) -> None:
    address = _upload(admin, people)
    runtime.imports._claim_waiting(runtime.identity.system_actor(), 1)
    assert "0 of 3 rows" in admin.get(address).text
    assert "<progress" in admin.get(f"{address}/progress").text
    runtime.imports.recover()
    runtime.imports.wait(1, timeout=30)
    assert admin.get(f"{address}/progress").headers["HX-Refresh"] == "true"


def test_lists_are_made_renamed_and_refused_twice(admin: PageClient, people: People) -> None:
    assert "No contact list yet" in admin.get("/lists").text
    form = {"client_id": str(people.acme), "name": "Wiosna", "country": "PL"}
    made = admin.post("/lists/new", data=form)
    assert made.location == "/lists/1"
    assert "Nobody is on this list yet" in admin.get("/lists/1").text
    again = admin.post("/lists/new", data=form)
    assert (again.status_code, "already has a list “Wiosna”" in again.text) == (422, True)
    assert admin.post("/lists/1/name", data={"name": "Lato"}).status_code == 302
    assert "Lato" in admin.get("/lists").text


def test_supervisors_see_lists_of_their_clients_only(
    admin: PageClient, browser: Callable[[str | None], PageClient], people: People
) -> None:
    for client, name in ((people.acme, "Acme list"), (people.globex, "Globex list")):
        admin.post("/lists/new", data={"client_id": str(client), "name": name, "country": "PL"})
    supervisor = browser("supervisor")
    page = supervisor.get("/lists").text
    assert "Acme list" in page
    assert "Globex list" not in page
    assert supervisor.get("/lists/1").status_code == 200
    assert supervisor.get("/lists/2").status_code == 404
    assert supervisor.get("/imports/new").status_code == 403


def test_the_pages_speak_polish(admin: PageClient, people: People) -> None:
    admin.post("/account/language", data={"language": "pl"})
    assert "Bazy kontaktów" in admin.get("/lists").text
    address = _upload(admin, people)
    page = admin.get(address).text
    assert "Wczytaj ponownie" in page
    assert "„x” to nie jest numer telefonu." in page
