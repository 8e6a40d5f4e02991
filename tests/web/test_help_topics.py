"""Every page has help in both languages, and help is safe to show."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from hookline.errors import NotFound
from hookline_web import help_topics
from hookline_web.testing import PageClient, People, make_client
from tests.web.routes import become, routes

Browser = Callable[[str | None], PageClient]
TOPIC = re.compile(r'data-help-topic="([^"]*)"')


@pytest.mark.parametrize("role", ["admin", "supervisor", "agent"])
def test_every_page_sets_a_topic_that_exists_in_both_languages(app: Flask, people: People, role: str) -> None:
    client = make_client(app)
    folders = app.extensions["hookline"].help_folders
    without = []
    for route in (r for r in routes(app) if r.method == "GET" and r.endpoint != "stream.follow"):
        become(client, getattr(people, role))
        answer = client.get(route.address)
        if answer.mimetype != "text/html" or "<body" not in answer.text:
            continue
        found = TOPIC.search(answer.text)
        topic = found.group(1) if found else ""
        missing = [lang for lang in ("en", "pl") if help_topics.find(folders, topic, lang) is None]
        if missing:
            without.append((route.address, topic, missing))
    assert without == []


def test_every_topic_is_there_in_both_languages(app: Flask) -> None:
    folders = app.extensions["hookline"].help_folders
    assert help_topics.topics(folders, "en").keys() == help_topics.topics(folders, "pl").keys()


def test_help_comes_in_the_language_of_the_person(browser: Browser) -> None:
    client = browser("agent")
    assert "Finding your way" in client.get("/help/start").text
    client.post("/account/language", data={"language": "pl"})
    assert "Jak się poruszać" in client.get("/help/start").text


def test_the_drawer_gets_the_topic_alone(browser: Browser) -> None:
    text = browser("agent").get("/help/start", headers={"HX-Request": "true"}).text
    assert "<h1>" in text
    assert "<body" not in text


def test_every_topic_is_listed(browser: Browser) -> None:
    text = browser("admin").get("/help").text
    assert 'href="/help/clients"' in text
    assert 'href="/help/stations"' in text


@pytest.mark.parametrize("topic", ["nothing-here", "..", "../secret", "START"])
def test_a_topic_that_is_not_there_is_not_found(app: Flask, topic: str) -> None:
    with pytest.raises(NotFound):
        help_topics.render(app.extensions["hookline"].help_folders, topic, "en")


def test_what_a_help_file_carries_beside_text_is_taken_out(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "bad.md").write_text("# Bad\n\n<script>alert(1)</script>[x](javascript:alert(1)) *fine*")
    html = help_topics.render([tmp_path], "bad", "en")
    assert "script" not in html
    assert "<em>fine</em>" in html
