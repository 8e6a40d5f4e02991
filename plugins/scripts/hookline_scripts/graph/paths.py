"""What is true on the ways through a script: what can be reached, and what was asked, set or said before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from hookline.domain.scripts import QuestionKind
from hookline_scripts.graph.conditions import Condition
from hookline_scripts.graph.model import ENDING, Node, NodeKind, ScriptSource

#: Marks on the way: the information duty was fulfilled, consent was given.
INFORMED, CONSENTED = "#informed", "#consented"


@dataclass(frozen=True)
class Edge:
    """A way from one node to another. `when` None: always; `failed`: a lookup's fallback."""

    origin: Node
    to: str
    when: Condition | None = None
    failed: bool = False


@dataclass(frozen=True)
class Known:
    """Before a node: what was surely set on every way to it, and what may have been on some."""

    surely: frozenset[str]
    perhaps: frozenset[str]


def edges(node: Node) -> Iterator[Edge]:
    """Where the node leads."""
    for way in node.exits:
        yield Edge(node, way.to, way.when)
    if node.lookup is not None:
        yield Edge(node, node.lookup.fallback, failed=True)


def reached(source: ScriptSource) -> set[str]:
    """Nodes that a conversation can come to; objections are open from everywhere."""
    seen = {source.start, *(node.id for node in source.objections)}
    todo = deque(seen)
    while todo:
        for edge in edges(source.nodes[todo.popleft()]):
            if edge.to not in seen:
                seen.add(edge.to)
                todo.append(edge.to)
    return seen


def can_end(source: ScriptSource) -> set[str]:
    """Nodes from which an end can be reached. An objection leads back, so it hinders nobody."""
    back: dict[str, list[str]] = {}
    for node in source.nodes.values():
        for edge in edges(node):
            back.setdefault(edge.to, []).append(node.id)
    seen = {
        node.id
        for node in source.nodes.values()
        if (node.kind in ENDING and not node.exits) or (node.kind is NodeKind.OBJECTION and not node.exits)
    }
    todo = deque(seen)
    while todo:
        for origin in back.get(todo.popleft(), ()):
            if origin not in seen:
                seen.add(origin)
                todo.append(origin)
    return seen


def known_before(source: ScriptSource) -> dict[str, Known]:
    """For every node that can be reached: what is known when a conversation comes to it."""
    everything = frozenset(name for node in source.nodes.values() for name in _gives(node, surely=False))
    found = {source.start: Known(frozenset(), frozenset())}
    for node in source.objections:
        found[node.id] = Known(frozenset(), everything)
    todo = deque(found)
    while todo:
        node = source.nodes[todo.popleft()]
        for edge in edges(node):
            after = known_after(edge, found[node.id])
            old = found.get(edge.to)
            new = after if old is None else Known(old.surely & after.surely, old.perhaps | after.perhaps)
            if new != old:
                found[edge.to] = new
                todo.append(edge.to)
    return found


def known_after(edge: Edge, before: Known) -> Known:
    """What is known on the way."""
    node = edge.origin
    if edge.failed:
        return before
    surely = before.surely | _gives(node, surely=True)
    if node.consent is not None and given_only(node, edge.when):
        surely |= {CONSENTED}
    if edge.when is not None and not edge.when.holds({}):
        # A condition on one field that does not hold while it is unknown: here, it is known.
        looked_at = {name for name in edge.when.names if "." in name}
        surely |= looked_at if len(looked_at) == 1 else frozenset()
    return Known(surely, before.perhaps | _gives(node, surely=False) | {CONSENTED} & surely)


def given_only(node: Node, when: Condition | None) -> bool:
    """Whether the way is open only to those who agreed."""
    key = f"answers.{node.questions[0].key}"
    return when is not None and when.holds({key: "yes"}) and not when.holds({key: "no"}) and not when.holds({})


def _gives(node: Node, *, surely: bool) -> frozenset[str]:
    names = {f"answers.{question.key}" for question in node.questions if question.required or not surely}
    names.update(f"vars.{name}" for name in node.sets)
    if node.lookup is not None:
        names.update(f"vars.{name}" for name in node.lookup.save)
    if node.kind is NodeKind.INFORMATION:
        names.add(INFORMED)
    return frozenset(names)


def possible_answers(node: Node) -> list[tuple[str, str]]:
    """Question and answer for each that the node's only closed question can have; empty where it has none such."""
    closed = [q for q in node.questions if q.kind in (QuestionKind.CHOICE, QuestionKind.YES_NO, QuestionKind.SCALE)]
    if len(closed) != 1:
        return []
    (asked,) = closed
    if asked.kind is QuestionKind.YES_NO:
        values = ["yes", "no"]
    elif asked.kind is QuestionKind.SCALE:
        values = [str(number) for number in range(int(asked.low or 0), int(asked.high or 0) + 1)]
    else:
        values = list(asked.choices)
    return [(asked.key, value) for value in (*values, *([] if asked.required else [""]))]
