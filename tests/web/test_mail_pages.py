"""The mails' page and users' addresses, as an administrator uses them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hookline.bootstrap import Runtime
from hookline.db.models import Mail
from hookline.jobs import JobRun
from hookline.testing.clock import VirtualClock
from hookline_web.testing import PASSWORD, PageClient

Browser = Callable[[str | None], PageClient]


def _queue(runtime: Runtime) -> None:
    with runtime.db.write() as unit:
        runtime.mail.send(unit, "job_failed", "ada@centre.example", "pl", {"job": "core.secret-name"})


def test_without_a_server_the_page_says_so(browser: Browser, runtime: Runtime) -> None:
    _queue(runtime)
    page = browser("admin").get("/mails").text
    assert "Mail is not configured." in page
    assert "mail is not configured" in page
    assert "a•••@centre.example" in page
    assert "ada@centre.example" not in page
    assert "core.secret-name" not in page


def test_a_given_up_mail_is_tried_again(browser: Browser, runtime: Runtime, clock: VirtualClock) -> None:
    admin = browser("admin")
    _queue(runtime)
    clock.advance(4 * 86_400)
    runtime.mail.sender.run(JobRun())
    admin = browser("admin")  # the session of before has ended
    assert "It waited for three days" in admin.get("/mails?state=failed").text
    assert admin.post("/mails/1/again").location == "/mails"
    with runtime.db.read() as session:
        assert session.get_one(Mail, 1).state == "waiting"
    assert admin.post("/mails/1/again").status_code == 409
    assert admin.post("/mails/4711/again").status_code == 404


def test_a_user_gets_an_address_and_loses_it(browser: Browser, runtime: Runtime) -> None:
    admin = browser("admin")
    sent = {
        "display_name": "Zofia",
        "login": "zofia",
        "password": PASSWORD,
        "role": "agent",
        "language": "pl",
        "email": " zofia@centre.example ",
    }
    admin.post("/users/new", data=sent)
    user = next(u for u in runtime.identity.list_users() if u.login == "zofia")
    assert user.email == "zofia@centre.example"
    assert "zofia@centre.example" in admin.get(f"/users/{user.id}").text
    admin.post(f"/users/{user.id}", data={**sent, "email": ""})
    assert runtime.identity.get_user(user.id).email is None


@pytest.mark.parametrize("email", ["zofia", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example"])
def test_an_address_that_is_none_is_refused_at_the_field(browser: Browser, runtime: Runtime, email: str) -> None:
    admin = next(u for u in runtime.identity.list_users() if u.login == "admin")
    sent = {"display_name": "Ada", "role": "administrator", "language": "en", "email": email}
    answer = browser("admin").post(f"/users/{admin.id}", data=sent)
    assert answer.status_code == 422
    assert "This is not an e-mail address." in answer.text
