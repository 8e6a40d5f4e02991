"""Reads YAML that strangers wrote: bounded work, no references, every value a text, every complaint with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from marshmallow import Schema, ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hookline.text import N_
from hookline_scripts.errors import InvalidScript, Problem

#: A script of a thousand nodes in two languages has about half of it.
MAX_CHARACTERS = 1_000_000
_MAX_DEPTH = 12
# libyaml's where it was compiled in: ten times as fast, the same nodes and marks.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

Path = tuple[str | int, ...]


def compose(text: str) -> MappingNode:
    """The text's tree with its marks; raises InvalidScript where it is no mapping, or is hostile."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidScript([Problem(N_("A script may have 1 000 000 characters at most."))])
    try:
        _require_plain(text)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        params = {"problem": error.problem or error.context or "?"}
        raise InvalidScript(
            [Problem(N_("This cannot be read as YAML (%(problem)s). Check colons, dashes and indents."), params, line)]
        ) from error
    except yaml.YAMLError as error:
        raise InvalidScript([Problem(N_("The text has characters that cannot be used in YAML."))]) from error
    if not isinstance(root, MappingNode):
        raise InvalidScript([Problem(N_("A script begins with “title:” and “steps:” or “nodes:”."), line=1)])
    problems = list(_twice(root))
    if problems:
        raise InvalidScript(problems)
    return root


def load(schema: Schema, root: Node) -> dict[str, Any]:
    """What the schema makes of the tree; raises InvalidScript with every complaint at its line."""
    try:
        loaded: dict[str, Any] = schema.load(plain(root))
    except ValidationError as error:
        raise InvalidScript(located(root, error.messages)) from error
    return loaded


def _require_plain(text: str) -> None:
    # Read event by event, so that a hostile text costs no more than what is looked at.
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        # Aliases could blow a small text up to gigabytes, and nobody needs them here.
        if isinstance(event, yaml.AliasEvent):
            raise InvalidScript([Problem(N_("References (*name) are not used in scripts."), line=line_of(event))])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise InvalidScript([Problem(N_("The script is nested too deeply."), line=line_of(event))])


def line_of(marked: Any) -> int:
    """The line where it begins, from 1."""
    return int(marked.start_mark.line) + 1


def plain(node: Node) -> Any:
    """Dictionaries, lists and texts: "yes" and "no" as choices stay what they are."""
    if isinstance(node, MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [plain(value) for value in node.value]
    return str(node.value)


def _twice(node: Node) -> Iterator[Problem]:
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                yield Problem(N_("A name is expected before the colon."), line=line_of(key))
                continue
            if key.value in seen:
                yield Problem(N_("“%(name)s” is there twice."), {"name": key.value}, line_of(key))
            seen.add(key.value)
            yield from _twice(value)
    elif isinstance(node, SequenceNode):
        for value in node.value:
            yield from _twice(value)


def located(root: Node, messages: Any, path: Path = ()) -> Iterator[Problem]:
    """A schema's complaints as problems with their lines."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            # A dictionary field files its complaints under "value" (and "key") of each entry.
            passing = key == "_schema" or (key in ("value", "key") and not _has(root, (*path, key)))
            yield from located(root, inner, path if passing else (*path, key))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        yield problem_at(root, path, str(message))


def problem_at(root: Node, path: Path, message: str, params: dict[str, str] | None = None) -> Problem:
    """A problem with what the path leads to."""
    step = path[1] + 1 if len(path) > 1 and path[0] == "steps" and isinstance(path[1], int) else 0
    node = str(path[1]) if len(path) > 1 and path[0] == "nodes" else ""
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    return Problem(message, params or {}, line_of(node_at(root, path)), step, name, node)


def node_at(node: Node, path: Path) -> Node:
    """The node that the path leads to, or the last one on the way that is there."""
    for part in path:
        found = _child(node, part)
        if found is None:
            return node
        node = found
    return node


def _has(node: Node, path: Path) -> bool:
    for part in path:
        found = _child(node, part)
        if found is None:
            return False
        node = found
    return True


def _child(node: Node, part: str | int) -> Node | None:
    if isinstance(node, MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        found: Node = node.value[part]
        return found
    return None
