"""Behind a web server with TLS its word on scheme and address is taken, and the cookie travels over HTTPS only."""

from __future__ import annotations

from dataclasses import replace

from hookline.bootstrap import Runtime
from hookline.settings import Settings
from hookline_web.testing import PASSWORD, add_people, make_app

FORWARDED = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}


def _cookie(settings: Settings) -> str:
    runtime = Runtime(settings)
    try:
        add_people(runtime)
        app = make_app(runtime)
        app.config["WTF_CSRF_ENABLED"] = False
        answer = app.test_client().post("/login", data={"login": "admin", "password": PASSWORD}, headers=FORWARDED)
        assert answer.status_code == 302
        return str(answer.headers["Set-Cookie"])
    finally:
        runtime.close()


def test_the_session_cookie_is_for_https_only_behind_a_proxy(settings: Settings) -> None:
    assert "Secure" in _cookie(replace(settings, behind_proxy=True))


def test_without_a_proxy_nobodys_forwarded_headers_are_believed(settings: Settings) -> None:
    assert "Secure" not in _cookie(settings)
