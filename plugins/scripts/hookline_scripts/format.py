"""Reads a script's YAML: every complaint carries the line it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from marshmallow import ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hookline.data_holders import Classification
from hookline.domain.scripts import QuestionKind
from hookline.text import N_
from hookline_scripts.errors import InvalidScript, Problem
from hookline_scripts.schemas import ScriptSchema
from hookline_scripts.texts import check_text

_MAX_CHARACTERS = 100_000
_MAX_DEPTH = 12
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class QuestionSource:
    """A question as written; `label` by language. `data`: what kind of personal data its answers are."""

    key: str
    label: Mapping[str, str]
    kind: QuestionKind
    choices: tuple[str, ...]
    required: bool
    data: Classification = Classification.ORDINARY


@dataclass(frozen=True)
class StepSource:
    """A step as written; texts by language ("" for the only one), not yet filled in."""

    title: Mapping[str, str]
    say: Mapping[str, str]
    questions: tuple[QuestionSource, ...]


@dataclass(frozen=True)
class ScriptSource:
    """A script that passed every check."""

    title: str
    steps: tuple[StepSource, ...]

    def question(self, key: str) -> QuestionSource | None:
        """The question with this key."""
        return next((q for step in self.steps for q in step.questions if q.key == key), None)


def pick(texts: Mapping[str, str], language: str) -> str:
    """The text in the language, else the plain one, else English, else the first there is."""
    for wanted in (language[:2], "", "en"):
        if wanted in texts:
            return texts[wanted]
    return next(iter(texts.values()), "")


def parse_script(text: str) -> ScriptSource:
    """The checked script; raises InvalidScript with everything that is wrong with it."""
    root = _compose(text)
    problems = list(_twice(root))
    if problems:
        raise InvalidScript(problems)
    try:
        data = ScriptSchema().load(_plain(root))
    except ValidationError as error:
        raise InvalidScript(_located(root, error.messages)) from error
    problems = list(_text_problems(root, data))
    if problems:
        raise InvalidScript(problems)
    return _source(data)


def _compose(text: str) -> Node:
    if len(text) > _MAX_CHARACTERS:
        raise InvalidScript([Problem(N_("A script may have 100 000 characters at most."))])
    try:
        _require_plain(text)
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        params = {"problem": error.problem or error.context or "?"}
        raise InvalidScript(
            [Problem(N_("This cannot be read as YAML (%(problem)s). Check colons, dashes and indents."), params, line)]
        ) from error
    except yaml.YAMLError as error:
        raise InvalidScript([Problem(N_("The text has characters that cannot be used in YAML."))]) from error
    if not isinstance(root, MappingNode):
        raise InvalidScript([Problem(N_("A script begins with “title:” and “steps:”."), line=1)])
    return root


def _require_plain(text: str) -> None:
    # Read event by event, so that a hostile text costs no more than what is looked at.
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        # Aliases could blow a small text up to gigabytes, and nobody needs them here.
        if isinstance(event, yaml.AliasEvent):
            raise InvalidScript([Problem(N_("References (*name) are not used in scripts."), line=_line(event))])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise InvalidScript([Problem(N_("The script is nested too deeply."), line=_line(event))])


def _line(marked: Any) -> int:
    return int(marked.start_mark.line) + 1


def _plain(node: Node) -> Any:
    # BaseLoader's view, where every value is a string: "yes" and "no" as choices stay what they are.
    if isinstance(node, MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(value) for value in node.value]
    return str(node.value)


def _twice(node: Node) -> Iterator[Problem]:
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                yield Problem(N_("A name is expected before the colon."), line=_line(key))
                continue
            if key.value in seen:
                yield Problem(N_("“%(name)s” is there twice."), {"name": key.value}, _line(key))
            seen.add(key.value)
            yield from _twice(value)
    elif isinstance(node, SequenceNode):
        for value in node.value:
            yield from _twice(value)


def _located(root: Node, messages: Any, path: Path = ()) -> Iterator[Problem]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _located(root, inner, path if key == "_schema" else (*path, key))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        yield _problem_at(root, path, str(message))


def _problem_at(root: Node, path: Path, message: str) -> Problem:
    step = path[1] + 1 if len(path) > 1 and path[0] == "steps" and isinstance(path[1], int) else 0
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    return Problem(message, {}, _line(_node_at(root, path)), step, name)


def _node_at(node: Node, path: Path) -> Node:
    for part in path:
        if isinstance(node, MappingNode):
            found = next((value for key, value in node.value if key.value == part), None)
        else:
            found = node.value[part] if isinstance(node, SequenceNode) and isinstance(part, int) else None
        if found is None:
            return node
        node = found
    return node


def _text_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    for number, step in enumerate(data["steps"]):
        for language, text in step["say"].items():
            path: Path = ("steps", number, "say", *([language] if language else []))
            node = _node_at(root, path)
            # In a block (“|”), the text begins on the line after its mark.
            first = _line(node) + (1 if isinstance(node, ScalarNode) and node.style in ("|", ">") else 0)
            for complaint in check_text(text):
                line = first + complaint.line - 1
                yield Problem(complaint.message, complaint.params, line, number + 1, "say")


def _source(data: dict[str, Any]) -> ScriptSource:
    return ScriptSource(
        data["title"],
        tuple(
            StepSource(step["title"], step["say"], tuple(_question(question) for question in step["ask"]))
            for step in data["steps"]
        ),
    )


def _question(data: dict[str, Any]) -> QuestionSource:
    kind = QuestionKind(data["kind"])
    choices, classification = tuple(data["choices"]), Classification(data["data"])
    return QuestionSource(data["key"], data["label"], kind, choices, data["required"], classification)
