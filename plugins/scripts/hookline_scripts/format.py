"""Reads a script's YAML: every complaint carries the line it is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yaml.nodes import Node as YamlNode
from yaml.nodes import ScalarNode

from hookline.data_holders import Classification
from hookline.domain.scripts import QuestionKind
from hookline.text import N_
from hookline_scripts.errors import InvalidScript, Problem
from hookline_scripts.graph.conditions import Condition, InvalidCondition, condition
from hookline_scripts.graph.model import (
    ConsentAsk,
    Exit,
    Lookup,
    Node,
    NodeKind,
    QuestionSource,
    ScriptSource,
    pick,
)
from hookline_scripts.graph.node_schemas import ScriptSchema
from hookline_scripts.texts import check_text
from hookline_scripts.yaml_text import Path, compose, line_of, load, node_at, problem_at

__all__ = ["Node", "QuestionSource", "ScriptSource", "parse_script", "pick"]


def parse_script(text: str) -> ScriptSource:
    """The checked script; raises InvalidScript with everything that is wrong with it."""
    root = compose(text)
    data = load(ScriptSchema(), root)
    read = _Reading(root)
    source = read.graph(data) if "nodes" in data else read.steps(data)
    problems = [*read.problems, *_text_problems(root, data)]
    if problems:
        raise InvalidScript(problems)
    return source


def _text_problems(root: YamlNode, data: dict[str, Any]) -> Iterator[Problem]:
    parts: list[tuple[Path, dict[str, Any]]] = [
        *((("steps", number), step) for number, step in enumerate(data.get("steps", ()))),
        *((("nodes", name), node) for name, node in data.get("nodes", {}).items()),
    ]
    for where, part in parts:
        for language, text in part["say"].items():
            path: Path = (*where, "say", *([language] if language else []))
            node = None
            for complaint in check_text(text):
                node = node or node_at(root, path)
                # In a block (“|”), the text begins on the line after its mark.
                first = line_of(node) + (1 if isinstance(node, ScalarNode) and node.style in ("|", ">") else 0)
                found = problem_at(root, path, complaint.message, complaint.params)
                yield Problem(found.message, found.params, first + complaint.line - 1, found.step, "say", found.node)


class _Reading:
    """Makes the script of what the schema loaded, and gathers what only the whole shows to be wrong."""

    def __init__(self, root: YamlNode) -> None:
        self._root = root
        self.problems: list[Problem] = []

    def steps(self, data: dict[str, Any]) -> ScriptSource:
        """A list of steps: each leads to the next."""
        names = [f"step_{number}" for number in range(1, len(data["steps"]) + 1)]
        nodes = {}
        for number, (name, step) in enumerate(zip(names, data["steps"], strict=True)):
            onward = (Exit(names[number + 1]),) if number + 1 < len(names) else ()
            questions = tuple(_question(question) for question in step["ask"])
            nodes[name] = Node(name, title=step["title"], say=step["say"], questions=questions, exits=onward)
        return ScriptSource(data["title"], nodes, names[0], languages=tuple(data["languages"]))

    def graph(self, data: dict[str, Any]) -> ScriptSource:
        """A graph of nodes."""
        lines = {key.value: line_of(key) for key, _ in node_at(self._root, ("nodes",)).value}
        nodes = {name: self._node(name, node, lines.get(name, 0)) for name, node in data["nodes"].items()}
        start = data["start"] or next(iter(nodes))
        if start not in nodes:
            self._complain(("start",), N_("There is no node “%(name)s”."), name=start)
        for name, node in nodes.items():
            for target in node.leads_to:
                if target not in nodes:
                    self._complain(("nodes", name, "next"), N_("There is no node “%(name)s”."), name=target)
        return ScriptSource(
            data["title"],
            nodes,
            start,
            True,
            tuple(data["languages"]) or _languages(nodes),
            data["consent_before_call"],
        )

    def _node(self, name: str, data: dict[str, Any], line: int) -> Node:
        kind = NodeKind(data["kind"] or ("question" if data["ask"] else "say"))
        questions = tuple(_question(question) for question in data["ask"])
        if kind is NodeKind.CONSENT and not questions:
            label = data["title"] or {"en": "Does the contact agree?", "pl": "Czy rozmówca się zgadza?"}
            questions = (QuestionSource(name, label, QuestionKind.YES_NO, required=True),)
        position = data["position"]
        return Node(
            name,
            kind,
            data["title"],
            data["say"],
            questions,
            self._exits(name, data["next"]),
            self._conditions(("nodes", name, "set"), data["set"]),
            self._lookup(name, data["lookup"]),
            ConsentAsk(**data["consent"]) if data["consent"] else None,
            target=data["target"],
            offer=data["offer"],
            goal=data["goal"],
            sensitive=data["sensitive"],
            visits=data["visits"],
            position=(position[0], position[1]) if position else None,
            line=line,
        )

    def _exits(self, name: str, ways: list[dict[str, str]]) -> tuple[Exit, ...]:
        exits = []
        for number, way in enumerate(ways):
            path: Path = ("nodes", name, "next", number)
            exits.append(Exit(way["to"], self._condition(path, way["when"]) if "when" in way else None))
        return tuple(exits)

    def _lookup(self, name: str, data: dict[str, Any] | None) -> Lookup | None:
        if data is None:
            return None
        query = self._conditions(("nodes", name, "lookup", "query"), data["query"])
        return Lookup(data["url"], data["fallback"], query, data["save"], data["seconds"])

    def _conditions(self, path: Path, texts: dict[str, str]) -> dict[str, Condition]:
        read = {name: self._condition((*path, name), text) for name, text in texts.items()}
        return {name: found for name, found in read.items() if found is not None}

    def _condition(self, path: Path, text: str) -> Condition | None:
        try:
            return condition(text)
        except InvalidCondition as error:
            self._complain(path, error.message, **error.params)
            return None

    def _complain(self, path: Path, message: str, **params: str) -> None:
        self.problems.append(problem_at(self._root, path, message, params))


def _question(data: dict[str, Any]) -> QuestionSource:
    return QuestionSource(
        data["key"],
        data["label"],
        QuestionKind(data["kind"]),
        tuple(value for value, _ in data["choices"]),
        data["required"],
        Classification(data["data"]),
        tuple(label for _, label in data["choices"]),
        data["default"],
        data["low"],
        data["high"],
        data["unit"],
    )


def _languages(nodes: dict[str, Node]) -> tuple[str, ...]:
    found = {language for node in nodes.values() for language in node.say if language}
    return tuple(sorted(found))
