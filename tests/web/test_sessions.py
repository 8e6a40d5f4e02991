"""Logging in, staying logged in, and being logged out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hookline.bootstrap import Runtime
from hookline.testing.clock import VirtualClock
from hookline_web.testing import PASSWORD, PageClient, People

Browser = Callable[[str | None], PageClient]


def test_everybody_starts_at_the_log_in_and_comes_to_a_page_of_his_own(browser: Browser) -> None:
    client = browser(None)
    assert client.get("/").location == "/login"
    answer = client.log_in("admin")
    assert answer.status_code == 302
    assert client.get(answer.location).status_code == 200
    assert client.get("/").location == answer.location


def test_a_wrong_password_is_told_without_saying_which_was_wrong(browser: Browser) -> None:
    client = browser(None)
    wrong_password = client.log_in("admin", "not-the-password")
    no_such_login = client.log_in("nobody", "not-the-password")
    assert wrong_password.status_code == no_such_login.status_code == 401
    assert "do not match" in wrong_password.text
    assert "do not match" in no_such_login.text


@pytest.mark.parametrize(
    ("target", "led_to"),
    [
        ("/users?page=2", "/users?page=2"),
        ("https://evil.example/", None),
        ("//evil.example/", None),
        ("/\\evil.example", None),
        ("javascript:alert(1)", None),
    ],
)
def test_next_leads_to_paths_of_this_site_only(browser: Browser, target: str, led_to: str | None) -> None:
    client = browser(None)
    sent = {"login": "admin", "password": PASSWORD}
    location = client.post("/login", query_string={"next": target}, data=sent).location
    assert location == (led_to or client.get("/").location)


def test_a_page_asked_for_before_the_log_in_comes_after_it(browser: Browser) -> None:
    assert browser(None).get("/users?page=2").location == "/login?next=/users?page%3D2"


def test_guessing_is_slowed_down_by_login_and_by_address(browser: Browser, clock: VirtualClock) -> None:
    client = browser(None)
    answers = [client.log_in("admin", "guess-number-1").status_code for _ in range(9)]
    assert answers == [401] * 8 + [429]
    assert client.log_in("admin").status_code == 429, "the right password does not end the wait"
    assert client.log_in("supervisor").status_code == 429, "nor does another login from the same address"
    clock.advance(5 * 60)
    assert client.log_in("admin").status_code == 302


def test_a_session_ends_after_the_set_hours_however_busy_it_was(browser: Browser, clock: VirtualClock) -> None:
    client = browser("admin")
    for _hour in range(11):
        clock.advance(3600)
        assert client.get("/account").status_code == 200
    clock.advance(3600)
    assert client.get("/account").location == "/login?next=/account"


def test_deactivation_ends_a_session_at_once(browser: Browser, runtime: Runtime, people: People) -> None:
    client = browser("agent")
    runtime.identity.set_active(people.agent, False)
    assert client.get("/account").status_code == 302
    runtime.identity.set_active(people.agent, True)
    assert client.get("/account").status_code == 302, "the old session does not come back with the user"


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(browser: Browser) -> None:
    here, elsewhere = browser("agent"), browser("agent")
    new = {"current": PASSWORD, "password": "an-even-better-one", "again": "an-even-better-one"}
    assert here.post("/account/password", data=new).status_code == 302
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    assert browser(None).log_in("agent", "an-even-better-one").status_code == 302


@pytest.mark.parametrize(
    ("current", "password", "again", "field"),
    [
        ("wrong", "an-even-better-one", "an-even-better-one", "present password"),
        (PASSWORD, "an-even-better-one", "another-one-here", "not the same"),
        (PASSWORD, "short", "short", "at least 10"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(
    browser: Browser, current: str, password: str, again: str, field: str
) -> None:
    client = browser("agent")
    answer = client.post("/account/password", data={"current": current, "password": password, "again": again})
    assert answer.status_code == 422
    assert field in answer.text
    assert PASSWORD not in answer.text
    assert browser(None).log_in("agent").status_code == 302


def test_logging_out_ends_the_session(browser: Browser) -> None:
    client = browser("supervisor")
    assert client.post("/logout").location == "/login"
    assert client.get("/account").status_code == 302


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: Browser) -> None:
    cookie = browser(None).log_in("admin").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_tampered_cookie_is_nobody(browser: Browser) -> None:
    client = browser("admin")
    cookie = client.get_cookie("hookline")
    assert cookie is not None
    client.set_cookie("hookline", cookie.value[:-4] + "AAAA")
    assert client.get("/account").status_code == 302


def test_the_key_is_made_once_and_readable_by_its_owner_only(browser: Browser, runtime: Runtime) -> None:
    path = runtime.settings.data_dir / "secret_key"
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    browser("admin")
    assert path.read_text() == before
