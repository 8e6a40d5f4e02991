"""Hold music and messages: put one in, listen to it, take it out, for the installation and for a client; who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from hookline import sound_files
from hookline.domain.access import Role
from hookline.services.prompts import PromptKind
from hookline.testing.browsing import Answer, Browser, Browsers
from hookline.testing.centre import Centre
from hookline.testing.cheap_passwords import cheaply_hashed


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """One for all; each test uses a kind of its own."""
    with cheaply_hashed():
        centre = Centre(tmp_path_factory.mktemp("prompts"), plugins=[])
        yield centre
        centre.close()


@pytest.fixture(scope="module")
def browsers(centre: Centre) -> Browsers:
    """Opens browsers on the centre's pages."""
    return Browsers(centre)


@pytest.fixture(scope="module")
def admin(browsers: Browsers) -> Browser:
    """The administrator's browser."""
    return browsers(Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sound to upload."""
    path: Path = tmp_path_factory.mktemp("tone") / "busy.wav"
    sound_files.make_busy(path)
    return path.read_bytes()


def _upload(page: Browser, kind: PromptKind, sound: bytes, client_id: str = "", name: str = "tone.wav") -> Answer:
    sent = {"kind": kind.value, "client_id": client_id, "file": (BytesIO(sound), name)}
    return page.post("/prompts", data=sent, content_type="multipart/form-data")


def _number(page: str) -> str:
    (found,) = re.findall(r'src="/prompts/(\d+)/sound"', page)
    return str(found)


def test_a_sound_is_put_in_heard_and_taken_out(centre: Centre, admin: Browser, tone: bytes) -> None:
    prompts = centre.runtime.desk_calls.prompts
    assert admin.get("/prompts").text.count("a built-in sound") == 4
    assert _upload(admin, PromptKind.HOLD_MUSIC, tone).status_code == 302
    page = admin.get("/prompts").text
    assert "tone.wav" in page
    number = _number(page)
    heard = admin.get(f"/prompts/{number}/sound")
    assert (heard.status_code, heard.headers["Content-Type"]) == (200, "audio/wav")
    path = prompts.path_for(centre.client_id, PromptKind.HOLD_MUSIC)
    assert path is not None
    assert "built-in" not in path.parts
    assert admin.post(f"/prompts/{number}/delete").status_code == 302
    assert "tone.wav" not in admin.get("/prompts").text
    path = prompts.path_for(centre.client_id, PromptKind.HOLD_MUSIC)
    assert path is not None
    assert "built-in" in path.parts
    assert admin.get(f"/prompts/{number}/sound").status_code == 404


def test_a_clients_sound_is_his_alone(centre: Centre, admin: Browser, tone: bytes) -> None:
    other, client = centre.client("Other"), str(centre.client_id)
    assert _upload(admin, PromptKind.MACHINE, tone, client, "acme.wav").headers["Location"].endswith(client)
    assert "acme.wav" in admin.get(f"/prompts?client_id={client}").text
    assert "acme.wav" not in admin.get("/prompts").text
    prompts = centre.runtime.desk_calls.prompts
    assert prompts.path_for(centre.client_id, PromptKind.MACHINE) is not None
    assert prompts.path_for(other, PromptKind.MACHINE) is None


def test_what_is_no_sound_is_refused_and_nothing_changes(admin: Browser, tone: bytes) -> None:
    assert _upload(admin, PromptKind.CLOSING, b"not a sound").status_code == 422
    assert _upload(admin, PromptKind.RINGING, tone).status_code == 422
    assert admin.post("/prompts", data={"kind": "closing"}).status_code == 422
    assert _upload(admin, PromptKind.CLOSING, tone, "999").status_code == 404
    assert admin.get("/prompts?client_id=999").status_code == 404
    assert "/sound" not in admin.get("/prompts").text


def test_only_administrators_may(browsers: Browsers, admin: Browser, tone: bytes) -> None:
    assert _upload(admin, PromptKind.NO_AGENT, tone).status_code == 302
    number = _number(admin.get("/prompts").text)
    for role in (Role.SUPERVISOR, Role.AGENT):
        page = browsers(role)
        assert page.get("/prompts").status_code == 403
        assert page.get(f"/prompts/{number}/sound").status_code == 403
        assert page.post(f"/prompts/{number}/delete").status_code == 403
        assert _upload(page, PromptKind.NO_AGENT, tone).status_code == 403
    assert admin.get(f"/prompts/{number}/sound").status_code == 200
    admin.post(f"/prompts/{number}/delete")
