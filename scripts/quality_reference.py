"""The text of docs/reference/quality.md: the machine's criteria from the code, a person's from here."""

from __future__ import annotations

from hookline.plugin_host.quality_criteria import CRITERIA, Grade
from scripts.hooks_reference import NOTICE

_INTRO = f"""# Quality of plugins

{NOTICE}
Three grades, each of which asks for what the ones before it ask for too. `hookline plugins check NAME --quality`
evaluates what a machine can see, without importing the plugin, and names what is lacking; where the plugin is installed
from its project's folder (`pip install -e .`) it sees the README and the tests too, which a wheel does not carry. The
rest a person looks at, before saying *gold* in public. The bundled plugins are gold, and so is what
`hookline plugins new` writes; tests hold both.
"""

_GRADES = {
    Grade.BRONZE: ("Bronze: it is what it says", "An integrator can judge it before installing it."),
    Grade.SILVER: ("Silver: people can work with it", "Whoever uses it finds words and help in their own language."),
    Grade.GOLD: (
        "Gold: it can be relied upon",
        "It keeps the law and survives the next version and the author's holidays.",
    ),
}

#: What no machine can tell.
_BY_A_PERSON = {
    Grade.BRONZE: (
        "The README says in two sentences what it is for, and what it does not do.",
        "Its own tests pass beside the Hookline versions named in `core`, on SQLite and PostgreSQL.",
        "It asks for no permission and keeps no data that it does not need.",
    ),
    Grade.SILVER: (
        "Errors say what happened, what it means and what to do; they are `HooklineError`s.",
        "The Polish and the English read as if written by people who do the work; the words are the glossary's.",
        "Its pages work by keyboard alone, at 200 % zoom, on a laptop's screen; empty and error states are designed.",
        "Secrets are settings marked `secret`; no log line carries a name, a number or a secret.",
    ),
    Grade.GOLD: (
        "`mypy --strict` and `ruff check` pass; they run wherever its tests run.",
        "What it sends out of the house is durable: written down in the same transaction, tried again, sent once more"
        " rather than never, and safe to receive twice.",
        "Every view, job and command takes the actor's scope; the tests of two clients' data never mixing are its own.",
        "Its holders' purposes and periods are agreed with whoever answers for data protection.",
        "Hooks answer within milliseconds: what takes longer is a job. It was watched under load on the plugins page.",
        "Somebody answers when it is broken, and a changelog says what changes.",
    ),
}


def quality_reference() -> str:
    """The text of quality.md."""
    return "\n".join([_INTRO, *(_grade(grade) for grade in Grade)])


def _grade(grade: Grade) -> str:
    title, why = _GRADES[grade]
    rows = [f"| {c.title} | `{c.id}` |" for c in CRITERIA if c.grade is grade]
    by_hand = [f"* {line}" for line in _BY_A_PERSON[grade]]
    table = ["| a machine checks that | id |", "|---|---|", *rows]
    return "\n".join([f"## {title}\n", f"{why}\n", *table, "\nA person checks that\n", *by_hand, ""])
