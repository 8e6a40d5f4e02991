"""Help beside the work: a term opens in the drawer, the page stays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from hookline_web.testing import PASSWORD

pytestmark = pytest.mark.serial


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The app, served on loopback."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def test_a_term_is_read_in_the_drawer_and_the_glossary_holds_it(new_page: Callable[[], Page], address: str) -> None:
    page = new_page()
    page.goto(f"{address}/login")
    page.locator("input[name=login]").fill("admin")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(f"{address}/clients")
    page.locator("main h1").wait_for()
    page.keyboard.press("?")
    drawer = page.locator("#help-body")
    expect(drawer.locator("h1")).to_be_visible()
    topic = drawer.locator("h1").inner_text()
    page.evaluate("window.stayed = true")
    term = drawer.locator("a.term").first
    word, meaning = term.inner_text(), term.get_attribute("title")
    term.click()
    expect(drawer.locator("[data-help-back]")).to_be_visible()
    assert meaning
    expect(drawer).to_contain_text(meaning)
    drawer.locator("[data-help-back]").click()
    expect(drawer.locator("h1")).to_have_text(topic)
    assert page.evaluate("window.stayed"), "the page with the work was not left"
    page.locator("#help-drawer a", has_text="Glossary").click()
    page.locator("[data-search]").fill(word)
    page.keyboard.press("Enter")
    expect(page.locator(".term-entry").first).to_be_visible()
