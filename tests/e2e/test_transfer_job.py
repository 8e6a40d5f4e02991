"""One transfer, whole, by keyboard in two real pages: a colleague is asked, all three talk, he takes the customer."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from hookline.testing.centre import PASSWORD, Centre
from hookline_web.app import create_app

CUSTOMER = "+48221234567"


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    centre = Centre(tmp_path, plugins=[])
    yield centre
    centre.close()


@pytest.fixture
def url(centre: Centre) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(centre.runtime), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def _desk(new_page: Callable[[], Page], url: str, login: str) -> Page:
    page = new_page()
    page.goto(f"{url}/login")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"^(?!.*/login)"))
    page.goto(f"{url}/desk")
    return page


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollHeight <= window.innerHeight"))


def test_a_customer_is_handed_to_a_colleague_after_asking(
    centre: Centre, url: str, new_page: Callable[[], Page]
) -> None:
    anna, bert = centre.agent("anna"), centre.agent("bert")
    centre.campaign([CUSTOMER], agents=[anna, bert])
    centre.start_work(anna)
    first, second = _desk(new_page, url, "anna"), _desk(new_page, url, "bert")
    first.keyboard.press("d")
    expect(first.locator(".call-state")).to_contain_text("dialling")
    centre.advance(3)
    centre.start_work(bert)
    first.reload()
    first.keyboard.press("t")
    expect(first.locator(".transfer-menu .target-name")).to_have_text("Bert")
    assert _fits(first)
    first.keyboard.press("Enter")
    expect(first.locator(".party")).to_contain_text("talks with you")
    customer = centre.calls()[0].customer_leg_id
    assert centre.network.heard_by(customer) == frozenset()
    second.reload()
    expect(second.locator(".idle-card h2")).to_have_text("Anna asks you something")
    first.keyboard.press("f")
    expect(first.locator(".party")).to_contain_text("all three talk")
    assert len(centre.network.heard_by(customer)) == 2
    assert _fits(first)
    first.keyboard.press("g")
    expect(first.locator(".state-chip")).to_contain_text("Wrap-up")
    second.reload()
    expect(second.locator(".call-state")).to_have_text("connected")
    assert centre.network.heard_by(customer) == {centre.session(bert).station_leg_id}


def test_of_two_windows_one_acts_and_the_other_can_take_over(
    centre: Centre, url: str, new_page: Callable[[], Page]
) -> None:
    anna = centre.agent("anna")
    centre.campaign([CUSTOMER], agents=[anna])
    centre.start_work(anna)
    old = _desk(new_page, url, "anna")
    expect(old.locator("#desk-elsewhere")).to_be_hidden()
    new = old.context.new_page()
    new.goto(f"{url}/desk")
    expect(new.locator("#desk-elsewhere")).to_be_hidden()
    centre.settle()
    expect(old.locator("#desk-elsewhere")).to_be_visible()
    old.keyboard.press("d")
    old.click("[data-take-desk]")
    expect(old.locator("#desk-elsewhere")).to_be_hidden()
    assert centre.calls() == [], "a window that only reads dials nobody"
    old.keyboard.press("d")
    expect(old.locator(".call-state")).to_contain_text("dialling")
