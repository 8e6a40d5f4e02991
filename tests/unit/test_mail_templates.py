"""What mails say: the same in each language."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment, meta

import hookline
from hookline.services.mail.queue import LANGUAGES
from hookline.services.mail.templates import CannotRender, MailTemplates

FOLDER = Path(hookline.__file__).parent / "mail_templates"
NAMES = sorted(file.stem for file in (FOLDER / "en").glob("*.txt"))
VALUES: dict[str, dict[str, object]] = {
    "test": {},
    "job_failed": {"job": "core.send-mails"},
    "webhook_stopped": {"url": "https://a.example/", "description": "", "client": "Acme", "reason": "gone"},
    "import_finished": {
        "file_name": "a.csv",
        "list_name": "Solar",
        "state": "failed",
        "imported": 1,
        "merged": 2,
        "rejected": 3,
        "warnings": 4,
    },
}


def _asked_for(file: Path) -> set[str]:
    return meta.find_undeclared_variables(Environment().parse(file.read_text(encoding="utf-8")))


def test_every_template_is_there_as_text_and_html_in_each_language() -> None:
    expected = {f"{name}.{kind}" for name in NAMES for kind in ("txt", "html")}
    assert {language: {f.name for f in (FOLDER / language).iterdir()} for language in LANGUAGES} == dict.fromkeys(
        LANGUAGES, expected
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_template_asks_for_the_same_in_each_language(name: str) -> None:
    for kind in ("txt", "html"):
        assert {frozenset(_asked_for(FOLDER / language / f"{name}.{kind}")) for language in LANGUAGES} == {
            frozenset(_asked_for(FOLDER / "en" / f"{name}.{kind}"))
        }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_template_renders(name: str, language: str) -> None:
    words = MailTemplates().render(name, language, VALUES[name])
    assert words.subject
    assert "\n" not in words.subject
    assert len(words.text.splitlines()) >= 1
    assert f'lang="{language}"' in words.html
    assert "{%" not in words.subject + words.text + words.html


def test_what_is_missing_is_no_empty_space() -> None:
    with pytest.raises(CannotRender, match="UndefinedError"):
        MailTemplates().render("job_failed", "en", {})


def test_a_plugin_has_templates_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "hookline_acme" / "mail_templates" / "en"
    folder.mkdir(parents=True)
    (tmp_path / "hookline_acme" / "__init__.py").write_text("")
    (folder / "order.txt").write_text("Order {{ number }}\n\nIt is here.\n")
    (folder / "order.html").write_text('{% extends "base.html" %}{% block content %}{{ number }}{% endblock %}')
    monkeypatch.syspath_prepend(str(tmp_path))
    words = MailTemplates({"acme": "hookline_acme"}).render("acme/order", "en", {"number": "<1>"})
    assert (words.subject, words.text) == ("Order <1>", "It is here.\n")
    assert "&lt;1&gt;" in words.html
    with pytest.raises(CannotRender, match="nobody"):
        MailTemplates().render("acme/order", "en", {})
