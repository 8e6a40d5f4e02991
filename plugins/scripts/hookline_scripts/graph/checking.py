"""The checker: what would go wrong in a conversation, found before there is one."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from hookline.text import N_
from hookline_scripts.graph.findings import Finding, Severity
from hookline_scripts.graph.model import ENDING, Node, NodeKind, ScriptSource, Texts
from hookline_scripts.graph.paths import (
    CONSENTED,
    INFORMED,
    Edge,
    Known,
    can_end,
    edges,
    known_after,
    known_before,
    possible_answers,
    reached,
)
from hookline_scripts.graph.values import typed
from hookline_scripts.known_fields import is_known
from hookline_scripts.texts import fields_in

_ALWAYS_THERE = {"today", "yes", "no"}


def check(source: ScriptSource) -> list[Finding]:
    """Everything found, errors first, then by line."""
    found = [*_translations(source), *_fields(source)]
    if source.guided:
        found += [*_ways(source), *_circles(source), *_choices(source), *_duties(source)]
    return sorted(found, key=lambda one: (one.severity is Severity.WARNING, one.line, one.code))


def _error(code: str, node: Node, message: str, **params: str) -> Finding:
    return Finding(Severity.ERROR, code, node.id, message, {"node": node.id, **params}, node.line)


def _warning(code: str, node: Node, message: str, **params: str) -> Finding:
    return Finding(Severity.WARNING, code, node.id, message, {"node": node.id, **params}, node.line)


def _ways(source: ScriptSource) -> Iterator[Finding]:
    there, ending = reached(source), can_end(source)
    for node in source.nodes.values():
        if node.id not in there:
            if node.goal:
                yield _error("goal-unreachable", node, N_("The goal “%(node)s” cannot be reached."))
            else:
                yield _warning("unreachable", node, N_("No way leads to “%(node)s”."))
        elif not node.exits and node.kind not in ENDING and node.kind is not NodeKind.OBJECTION:
            yield _error("dead-end", node, N_("“%(node)s” leads nowhere: give it a “next”, or let it be an end."))
        elif node.id not in ending:
            yield _error("endless", node, N_("From “%(node)s” no end can be reached."))


def _circles(source: ScriptSource) -> Iterator[Finding]:
    silent = {
        node.id: [to for to in node.leads_to if source.nodes[to].silent]
        for node in source.nodes.values()
        if node.silent
    }
    try:
        TopologicalSorter(silent).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        way = " → ".join(circle)
        message = N_("These nodes can run in a circle without showing the agent anything: %(way)s.")
        yield _error("circle", source.nodes[circle[0]], message, way=way)


def _choices(source: ScriptSource) -> Iterator[Finding]:
    for node in source.nodes.values():
        if not node.exits or any(way.when is None for way in node.exits) or node.kind is NodeKind.OBJECTION:
            continue
        answers = possible_answers(node)
        for key, value in answers:
            if not any(_may_hold(edge, key, value, node) for edge in edges(node)):
                yield _no_way(node, value)
        if not answers:
            message = N_("“%(node)s” leads nowhere where none of its conditions holds: add a way without one.")
            yield _error("no-way-else", node, message)


def _no_way(node: Node, value: str) -> Finding:
    if not value:
        return _error("choice-without-branch", node, N_("“%(node)s” leads nowhere where the question is not answered."))
    message = N_("“%(node)s” leads nowhere for the answer “%(value)s”.")
    return _error("choice-without-branch", node, message, value=value)


def _may_hold(edge: Edge, key: str, value: str, node: Node) -> bool:
    if edge.when is None:
        return True
    full = f"answers.{key}"
    if not edge.when.names <= {full, *_ALWAYS_THERE}:
        return True  # depends on something else, which may be as it needs
    kind = next(question.kind for question in node.questions if question.key == key)
    return edge.when.holds({full: typed(kind, value)})


def _fields(source: ScriptSource) -> Iterator[Finding]:
    known = known_before(source)
    for node in source.nodes.values():
        before = known.get(node.id)
        if before is not None:
            yield from _fields_of(source, node, before)


def _fields_of(source: ScriptSource, node: Node, before: Known) -> Iterator[Finding]:
    guided = source.guided
    for name in sorted({name for text in node.say.values() for name in fields_in(text)}):
        yield from _used(node, name, before, sure=guided)
    for computed in node.sets.values():
        for name in sorted(computed.names - _ALWAYS_THERE):
            yield from _used(node, name, before, sure=guided)
    after = Known(before.surely, known_after(Edge(node, ""), before).perhaps)
    for way in node.exits:
        for name in sorted((way.when.names if way.when else frozenset()) - _ALWAYS_THERE):
            yield from _used(node, name, after, sure=False)


def _used(node: Node, name: str, known: Known, *, sure: bool) -> Iterator[Finding]:
    if name.partition(".")[0] not in ("answers", "vars"):
        if not is_known(tuple(name.split("."))):
            yield _error(
                "unknown-field", node, N_("“%(node)s” uses the field “%(name)s”, which there is not."), name=name
            )
    elif name not in known.perhaps:
        yield _error("unset-field", node, N_("“%(node)s” uses “%(name)s”, which nothing before it sets."), name=name)
    elif sure and name not in known.surely:
        message = N_("“%(node)s” uses “%(name)s”, which is not set on every way to it.")
        yield _warning("perhaps-unset-field", node, message, name=name)


def _duties(source: ScriptSource) -> Iterator[Finding]:
    known = known_before(source)
    for node in source.nodes.values():
        before = known.get(node.id)
        if not node.offer or before is None:
            continue
        if INFORMED not in before.surely:
            message = N_("The offer “%(node)s” can be reached without the information duty (GDPR art. 13 and 14).")
            yield _error("offer-without-information", node, message)
        if not source.consent_before_call and CONSENTED not in before.surely:
            message = N_(
                "The offer “%(node)s” can be reached without consent (PKE art. 398): ask for it before, or say"
                " “consent_before_call: true” where the campaign dials only those who have given it."
            )
            yield _error("offer-without-consent", node, message)


def _translations(source: ScriptSource) -> Iterator[Finding]:
    for node in source.nodes.values():
        missing = sorted({lang for texts in _texts(node) for lang in source.languages if _lacks(texts, lang)})
        for language in missing:
            message = N_("“%(node)s” has a text that is not there in “%(language)s”.")
            yield _warning("missing-translation", node, message, language=language)


def _texts(node: Node) -> Iterator[Texts]:
    yield from (node.title, node.say)
    for question in node.questions:
        yield question.label
        yield from question.choice_labels


def _lacks(texts: Texts, language: str) -> bool:
    return bool(texts) and "" not in texts and language not in texts
