"""Every request has an id, and leaves one line in the log that tells nothing of people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from flask import Flask
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from hookline.permissions import public
from hookline.testing.centre import Centre
from hookline_web.testing import PageClient, make_client

Browser = Callable[[str | None], PageClient]


def test_a_request_gets_an_id_of_its_own(browser: Browser) -> None:
    nobody = browser(None)
    first, second = (nobody.get("/login").headers["X-Request-Id"] for _ in range(2))
    assert first != second
    assert len(first) == 32


def test_a_sane_id_of_a_proxy_is_kept(browser: Browser) -> None:
    answer = browser(None).get("/login", headers={"X-Request-Id": "proxy-7.a_1"})
    assert answer.headers["X-Request-Id"] == "proxy-7.a_1"


@pytest.mark.parametrize(
    "sent", ["", "short", "x" * 65, "48221234567", "a b c d e f", "abcdefgh\u0142", '{"a": "bcdef"}']
)
def test_any_other_is_replaced(browser: Browser, sent: str) -> None:
    answer = browser(None).get("/login", headers={"X-Request-Id": sent.encode().decode("latin-1")})
    assert answer.headers["X-Request-Id"] != sent
    assert len(answer.headers["X-Request-Id"]) == 32


def test_errors_and_refusals_carry_it_too(browser: Browser) -> None:
    nobody = browser(None)
    for address in ("/contacts", "/no/such/page", "/api/v1/contacts"):
        assert nobody.get(address, headers={"X-Request-Id": "a-request-1"}).headers["X-Request-Id"] == "a-request-1"


def test_a_line_tells_what_was_asked_and_not_by_whom_about_whom(browser: Browser) -> None:
    admin = browser("admin")
    with capture_logs(processors=[merge_contextvars]) as lines:
        admin.get("/contacts?q=Kowalski+48221234567", headers={"X-Request-Id": "a-request-2"})
        admin.get("/kowalski/48221234567", headers={"User-Agent": "Kowalski"})
    found, lost = [line for line in lines if line["event"] == "request"]
    assert (found["method"], found["rule"], found["status"]) == ("GET", "/contacts", 200)
    assert found["request_id"] == "a-request-2"
    assert isinstance(found["user_id"], int)
    assert found["milliseconds"] >= 0
    assert (lost["rule"], lost["status"]) == (None, 404)
    assert "owalski" not in str(lines)
    assert "221234567" not in str(lines)


def test_what_a_view_logs_carries_the_requests_id(app: Flask) -> None:
    @app.get("/breaks")
    @public("a test")
    def breaks() -> str:
        raise RuntimeError("at work")

    app.testing = False
    with capture_logs(processors=[merge_contextvars]) as lines:
        answer = make_client(app).get("/breaks", headers={"X-Request-Id": "a-request-3"})
    assert answer.status_code == 500
    failed = next(line for line in lines if line["event"] == "request failed")
    assert failed["request_id"] == "a-request-3"
    assert "request_id" not in structlog.contextvars.get_contextvars()


def test_what_the_engine_logs_of_a_leg_carries_its_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    centre = Centre(tmp_path)
    anna = centre.agent("anna")
    centre.campaign(["+48221234567"], agents=[anna])
    centre.start_work(anna)
    call = centre.runtime.work.dial(centre.actor(anna))

    def broken(*_arguments: object) -> None:
        raise RuntimeError("at work")

    monkeypatch.setattr(centre.runtime.calls, "_rang", broken)
    with capture_logs(processors=[merge_contextvars]) as lines:
        centre.advance(2)
    failed = next(line for line in lines if line["event"] == "a leg event could not be handled")
    assert failed["call_id"] == call
    assert failed["conversation"]
    assert "221234567" not in str(lines)
    assert structlog.contextvars.get_contextvars() == {}
