"""Help: Markdown files in help/<language>/<topic>.md of web and the active plugins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import markdown
import nh3
from markupsafe import Markup

from hookline.errors import NotFound
from hookline.text import N_
from hookline_web.i18n import package_folder

_TOPIC = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


def folders(packages: Iterable[str]) -> list[Path]:
    """The packages' help folders, in the order in which they are searched."""
    found = [folder / "help" for package in packages if (folder := package_folder(package))]
    return [folder for folder in found if folder.is_dir()]


def find(search: Iterable[Path], topic: str, language: str) -> Path | None:
    """The topic's file in the language; None where no package has it."""
    if not _TOPIC.fullmatch(topic):
        return None
    for folder in search:
        path = folder / language / f"{topic}.md"
        if path.is_file():
            return path
    return None


def render(search: Iterable[Path], topic: str, language: str) -> Markup:
    """The topic as safe HTML, in English where it is not there in the language. Raises NotFound."""
    search = list(search)
    path = find(search, topic, language) or find(search, topic, "en")
    if path is None:
        raise NotFound(N_("There is no help on this topic."), N_("Look through the list of topics."))
    html = markdown.markdown(path.read_text(encoding="utf-8"), extensions=["tables", "sane_lists", "attr_list"])
    return Markup(nh3.clean(html))  # noqa: S704 - cleaned


def topics(search: Iterable[Path], language: str) -> dict[str, str]:
    """Every topic's heading, by name, in alphabetical order of the headings."""
    found: dict[str, str] = {}
    for folder in search:
        for path in sorted((folder / language).glob("*.md")):
            first = path.read_text(encoding="utf-8").lstrip().partition("\n")[0]
            found.setdefault(path.stem, first.lstrip("# ").strip() or path.stem)
    return dict(sorted(found.items(), key=lambda pair: pair[1].casefold()))
