"""The glossary: terms of core and the plugins in both languages, found, and linked from texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from markupsafe import Markup

from hookline_web import help_topics
from hookline_web.glossary import Glossary, parse, read
from hookline_web.i18n import LANGUAGES
from hookline_web.term_links import Linker
from hookline_web.testing import PageClient

Browser = Callable[[str | None], PageClient]
LINK = re.compile(r'<a class="term" href="([^"]*)" title="([^"]*)">([^<]*)</a>')
#: The words of the field that the pages use, whoever explains them.
EXPECTED = {
    *("client", "contact", "contact-list", "campaign", "campaign-contact", "priority", "dial-mode", "attempt", "call"),
    *("call-result", "disposition", "callback", "suppression-list", "agent-state", "wrap-up", "abandoned-call"),
    *("consent", "lawful-basis", "controller", "script", "trunk", "station", "cell", "codec"),
}


@pytest.fixture
def glossary(app: Flask) -> Glossary:
    """The app's."""
    found: Glossary = app.extensions["hookline"].glossary
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of terms."""
    for language, name, text in (
        ("en", "lamp", "# Lamp\nForms: lamps, oil lamp\n\nGives *light*. Not a candle.\n"),
        ("en", "oil", "# Oil\n\nBurns in a lamp.\n"),
        ("pl", "lamp", "# Lampa\nForms: lampy\n\nDaje światło.\n"),
    ):
        (tmp_path / language).mkdir(exist_ok=True)
        (tmp_path / language / f"{name}.md").write_text(text, encoding="utf-8")
    return tmp_path


def test_every_term_is_there_in_both_languages(glossary: Glossary) -> None:
    english, polish = (read(glossary.folders, language) for language in LANGUAGES)
    assert english.keys() == polish.keys()
    assert english.keys() >= EXPECTED
    assert {name for name in english if english[name].title == polish[name].title} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_means_two_things_and_every_term_says_what_it_is(glossary: Glossary, language: str) -> None:
    terms = read(glossary.folders, language).values()
    words = Counter(form.casefold() for term in terms for form in term.forms)
    assert [word for word, times in words.items() if times > 1] == []
    assert [term.name for term in terms if not term.summary.endswith((".", "!"))] == []


def test_every_term_of_a_plugin_comes_from_a_folder_of_its_own(glossary: Glossary) -> None:
    names = Counter(path.name for folder in glossary.folders for path in (folder / "en").iterdir())
    assert [name for name, times in names.items() if times > 1] == []


def test_a_file_is_title_forms_and_text() -> None:
    term = parse("lamp", "# Lamp\nForms: lamps, oil lamp\n\nGives *light*, as [oil](/oil) does. More.\n")
    assert term.forms == ("Lamp", "lamps", "oil lamp")
    assert term.summary == "Gives light, as oil does."
    assert term.text.startswith("Gives")


def test_a_term_may_be_known_by_some_words_only() -> None:
    term = parse("call", "# Call\nOnly: a call, the call\n\nTalk.\n")
    assert (term.title, term.forms, term.text) == ("Call", ("a call", "the call"), "Talk.")
    assert term.fits("CALL")


def test_words_behind_a_hyphen_are_something_else(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "lamp.md").write_text("# Lamp\nForms: lamps, -lava lamp\n\nGives light.\n", encoding="utf-8")
    glossary = Glossary(())
    glossary.folders = [tmp_path]
    linked = glossary.linked(Markup("<p>A lava lamp is no lamp.</p>"), "en", "#%s")
    assert linked.count("<a ") == 1
    assert "A lava lamp is no <a " in linked


def test_a_term_that_is_missing_in_a_language_is_there_in_english(folder: Path) -> None:
    glossary = Glossary(())
    glossary.folders = [folder]
    assert [term.title for term in glossary.terms("pl").values()] == ["Lampa", "Oil"]


def test_the_alphabet_knows_polish_letters(tmp_path: Path) -> None:
    (tmp_path / "pl").mkdir()
    for number, title in enumerate(("Mak", "Łąka", "Luz", "Śnieg", "Sad", "Zło", "Żaba")):
        (tmp_path / "pl" / f"t{number}.md").write_text(f"# {title}\n\nJest.\n", encoding="utf-8")
    glossary = Glossary(())
    glossary.folders = [tmp_path]
    assert [t.title for t in glossary.terms("pl").values()] == ["Luz", "Łąka", "Mak", "Sad", "Śnieg", "Zło", "Żaba"]


# --- linking ---


def link(html: str) -> str:
    """The text with two terms linked."""
    words = {"lamp": "lamp", "lamps": "lamp", "oil lamp": "lamp", "oil": "oil"}
    return Linker(words, {"lamp": 'It "shines" & glows.', "oil": "Burns."}, "/g/%s").link(html)


@pytest.mark.parametrize(
    ("html", "linked"),
    [
        ("<p>A lamp and a lamp.</p>", ["lamp"]),
        ("<p>Lamps burn oil.</p>", ["Lamps", "oil"]),
        ("<p>An oil lamp with oil.</p>", ["oil lamp", "oil"]),
        ("<p>An oil\nlamp.</p>", ["oil\nlamp"]),
        ("<p>clamp, lamp-post, lamplight, lampą</p>", []),
        ('<h1>Lamp</h1><p><code>lamp</code> <a href="/x">lamp</a> <b>lamp</b></p>', ["lamp"]),
        ("<p>nothing</p>", []),
    ],
)
def test_the_first_occurrence_in_running_text_is_linked(html: str, linked: list[str]) -> None:
    assert [words for _, _, words in LINK.findall(link(html))] == linked


def test_a_link_says_where_and_what_and_the_rest_stays_as_it_was() -> None:
    html = '<p title="a lamp">1 &lt; 2 &amp; &quot;lamp&quot;<br>x</p><hr>'
    assert link(html) == (
        '<p title="a lamp">1 &lt; 2 &amp; "<a class="term" href="/g/lamp" '
        'title="It &quot;shines&quot; &amp; glows.">lamp</a>"<br>x</p><hr>'
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_topics_link_terms_that_exist_and_say_the_same_as_before(
    app: Flask, glossary: Glossary, language: str
) -> None:
    folders = app.extensions["hookline"].help_folders
    seen = 0
    for topic in help_topics.topics(folders, language):
        html = help_topics.render(folders, topic, language)
        linked = glossary.linked(html, language, "/glossary/%s")
        links = LINK.findall(linked)
        assert {address.removeprefix("/glossary/") for address, _, _ in links} <= glossary.terms(language).keys()
        assert len(links) == len({address for address, _, _ in links}), "each term once"
        assert linked.striptags() == html.striptags()
        seen += len(links)
    assert seen > 50


# --- pages ---


def test_the_page_has_every_term_in_the_language_of_the_person(browser: Browser, glossary: Glossary) -> None:
    client = browser("agent")
    text = client.get("/glossary").text
    assert all(f'id="{name}"' in text for name in EXPECTED)
    assert 'href="#campaign" title="The work of reaching a goal by telephone."' in text
    client.post("/account/language", data={"language": "pl"})
    text = client.get("/glossary").text
    assert "Oddzwonienie" in text
    assert [letter for letter in "ŁZ" if f">{letter}</a>" not in text] == []


def test_the_search_finds_by_term_form_and_meaning(browser: Browser) -> None:
    client = browser("agent")
    assert [
        found for found in ("callback", "trunk") if f'id="{found}"' in client.get("/glossary?q=CALLBACKS").text
    ] == ["callback"]
    assert 'id="suppression-list"' in client.get("/glossary?q=robinson").text
    nothing = client.get("/glossary?q=<i>zebra").text
    assert "No term fits" in nothing
    assert "<i>zebra" not in nothing


def test_one_term_comes_for_the_drawer_or_as_a_page(browser: Browser) -> None:
    client = browser("agent")
    alone = client.get("/glossary/disposition", headers={"HX-Request": "true"}).text
    assert "<h1>Disposition</h1>" in alone
    assert "data-help-back" in alone
    assert "<body" not in alone
    assert 'href="/glossary/disposition"' not in alone, "a term does not lead to itself"
    assert "<body" in client.get("/glossary/disposition").text
    assert client.get("/glossary/zebra").status_code == 404
    assert client.get("/glossary/..%2Fsecret").status_code == 404


def test_help_leads_to_the_glossary(browser: Browser) -> None:
    client = browser("agent")
    topic = client.get("/help/callbacks", headers={"HX-Request": "true"}).text
    assert '<a class="term" href="/glossary/' in topic
    page = client.get("/account").text
    assert 'href="/glossary"' in page[page.index("help-drawer") :]


def test_terms_of_a_plugin_that_is_not_active_are_not_there() -> None:
    alone = Glossary(["hookline", "hookline_web"])
    assert "consent" not in alone.terms("en")
    assert "campaign" in alone.terms("en")
    assert alone.linked(Markup("<p>a consent in a campaign</p>"), "en", "#%s").count("<a ") == 1
