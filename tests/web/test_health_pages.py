"""The probes for machines and the health page for administrators."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hookline.bootstrap import Runtime
from hookline_web.testing import PageClient

Browser = Callable[[str | None], PageClient]


def test_alive_is_public_and_asks_nothing(browser: Browser, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise ConnectionError

    someone = browser("agent")
    monkeypatch.setattr(runtime.db, "read", away)
    monkeypatch.setattr(runtime.db, "write", away)
    for client in (browser(None), someone):
        answer = client.get("/healthz")
        assert answer.status_code == 200
        assert answer.json == {"alive": True, "program": "hookline"}


def test_ready_tells_only_which_checks_fail(browser: Browser) -> None:
    answer = browser(None).get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"ready": False, "failing": ["core.engine"]}


def test_ready_says_yes_while_nothing_fails(
    browser: Browser, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(runtime.engine), "running", True)
    answer = browser(None).get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"ready": True})


@pytest.mark.parametrize("login", ["agent", "supervisor"])
def test_the_page_is_the_administrators(browser: Browser, login: str) -> None:
    assert browser(login).get("/health").status_code == 403


def test_the_page_says_what_to_do_worst_first(browser: Browser) -> None:
    page = browser("admin").get("/health").text
    assert page.index("does not work") < page.index("in order")
    assert "Start it: hookline serve" in page
    assert "core.database" in page
    assert "telephony_sip.trunks" in page


def test_it_speaks_the_readers_language(browser: Browser, runtime: Runtime) -> None:
    admin = browser("admin")
    admin.post("/account/language", data={"language": "pl"})
    page = admin.get("/health").text
    assert "Stan instalacji" in page
    assert "nie działa" in page
    assert "hookline serve" in page
