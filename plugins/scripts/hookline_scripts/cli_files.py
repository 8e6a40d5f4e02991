"""`hookline scripts check | walk | test`: scripts as files, without an installation."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from hookline.domain.scripts import ScriptContext
from hookline.errors import InvalidInput
from hookline.text import N_
from hookline_scripts.answers import WrongAnswer, clean_answer
from hookline_scripts.errors import InvalidScript
from hookline_scripts.format import parse_script
from hookline_scripts.graph.checking import check as findings_of
from hookline_scripts.graph.findings import Severity
from hookline_scripts.graph.model import ENDING, Node, QuestionSource, ScriptSource, pick
from hookline_scripts.graph.stories import read_stories, script_file, tell
from hookline_scripts.graph.values import all_values
from hookline_scripts.graph.walking import CannotGoOn, Place, Walk
from hookline_scripts.sample import sample_context
from hookline_scripts.texts import plain_text

_FILE = click.Path(exists=True, path_type=Path)


def read_file(file: Path) -> str:
    """The file's text; raises InvalidInput where it is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(N_("The file is not UTF-8 text."), N_("Save it as UTF-8 and try again.")) from error


def parsed(file: Path) -> ScriptSource:
    """The script in the file; raises InvalidInput with every complaint at its line."""
    try:
        return parse_script(read_file(file))
    except InvalidScript as error:
        raise InvalidInput(f"{file}", " ".join(problem.text for problem in error.problems)) from error


@click.command()
@click.argument("files", type=_FILE, nargs=-1, required=True)
def check(files: tuple[Path, ...]) -> None:
    """Look for what would go wrong in a conversation in each script of FILES. Fails on an error, not on a warning."""
    errors = 0
    for file in _yaml(files):
        for severity, place, text in _found(read_file(file)):
            click.echo(f"{file}:{place} {severity.value}: {text}")
            errors += severity is Severity.ERROR
    click.echo(f"{errors} errors." if errors else "No errors.")
    if errors:
        raise click.exceptions.Exit(1)


def _found(text: str) -> list[tuple[Severity, str, str]]:
    try:
        found = findings_of(parse_script(text))
    except InvalidScript as error:
        return [(Severity.ERROR, f"{problem.line}:", problem.text) for problem in error.problems]
    return [(one.severity, f"{one.line}:", f"{one.text} [{one.code}]") for one in found]


def _yaml(paths: tuple[Path, ...]) -> list[Path]:
    return [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]


@click.command()
@click.argument("files", type=_FILE, nargs=-1, required=True)
def test(files: tuple[Path, ...]) -> None:
    """Tell each story in FILES (or in every .yaml of a folder) and see that its script goes as it says."""
    failed = told = 0
    for file in _yaml(files):
        script, stories = read_stories(read_file(file))
        source = parsed(script_file(file, script))
        for story in stories:
            outcome = tell(source, story)
            told, failed = told + 1, failed + (not outcome.passed)
            click.echo(f"{'passed' if outcome.passed else 'FAILED'}  {file.name}: {story.name}")
            for complaint in outcome.complaints:
                click.echo(f"        {complaint}")
    click.echo(f"{told - failed} passed, {failed} failed.")
    if failed:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--language", default="en", show_default=True, help="The contact's language.")
def walk(file: Path, language: str) -> None:
    """Walk the script in FILE in the terminal, as an agent would, with an invented contact."""
    _Walking(parsed(file), sample_context(read_file(file), language)).talk()


class _Walking:
    def __init__(self, source: ScriptSource, context: ScriptContext) -> None:
        self._source = source
        self._context = context
        self._answers: dict[str, str] = {}
        today = date.today()
        self._walk = Walk(
            source, lambda vars_: all_values(source, context, self._answers, vars_, today), lambda lookup, fields: None
        )

    def talk(self) -> None:
        place = self._walk.begin()
        while True:
            node = self._source.nodes[place.node]
            self._say(node, place)
            if node.kind in ENDING and not node.exits:
                click.echo(f"\nThe end: {node.id}" + (f" ({node.target})" if node.target else ""))
                return
            for question in node.questions:
                self._ask(question)
            place = self._on(place)

    def _say(self, node: Node, place: Place) -> None:
        click.secho(f"\n{pick(node.title, self._context.language) or node.id}", bold=True)
        click.echo(plain_text(pick(node.say, self._context.language), self._context, place.variables, self._answers))

    def _ask(self, question: QuestionSource) -> None:
        choices = f" ({', '.join(question.choices)})" if question.choices else ""
        while True:
            label = f"{pick(question.label, self._context.language)}{choices}{' *' if question.required else ''}"
            given = click.prompt(label, default=self._answers.get(question.key, question.default), show_default=True)
            try:
                self._answers[question.key] = clean_answer(question, given)
            except WrongAnswer as error:
                click.echo(str(error))
            else:
                return

    def _on(self, place: Place) -> Place:
        names = [node.id for node in self._source.objections]
        offered = f", {', '.join(names)}" if names else ""
        said = click.prompt(f"Enter: on, b: back{offered}", default="", show_default=False)
        try:
            if said == "b":
                return self._walk.back(place)
            return self._walk.jump(place, said) if said else self._walk.forward(place, self._answers)
        except CannotGoOn as error:
            click.echo(str(error))
            return place
