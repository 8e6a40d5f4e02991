"""What the agent sees of a script: all of it, or the step where the conversation is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hookline.domain.scripts import Guide, Objection, Question, ScriptContext, ScriptView, Step
from hookline_scripts.graph.conditions import Value
from hookline_scripts.graph.model import ENDING, Node, NodeKind, QuestionSource, ScriptSource, pick
from hookline_scripts.graph.values import as_text
from hookline_scripts.graph.walking import Place
from hookline_scripts.texts import render_text

_ACTS = (NodeKind.TRANSFER, NodeKind.CALLBACK, NodeKind.DISPOSITION)


def show(script_id: str, source: ScriptSource, context: ScriptContext, answers: Mapping[str, str]) -> ScriptView:
    """The whole script, one step below the other."""
    context = replace(context, answers=dict(answers))
    return ScriptView(
        script_id, source.title, tuple(_step(node, context, {}) for node in source.steps if not node.silent)
    )


def show_place(
    script_id: str, source: ScriptSource, context: ScriptContext, place: Place, answers: Mapping[str, str], moves: int
) -> ScriptView:
    """The node where the conversation is, and how it can go on from there."""
    node = source.nodes[place.node]
    context = replace(context, answers=dict(answers))
    guide = Guide(
        node.id,
        moves,
        tuple(_title(source.nodes[shown], context.language) for shown in place.path[:-1]),
        progress(source, place),
        can_go_back=len(place.path) > 1,
        can_go_on=bool(node.exits) or node.kind not in ENDING,
        aside=node.kind is NodeKind.OBJECTION,
        objections=tuple(Objection(o.id, _title(o, context.language)) for o in source.objections),
        act=node.kind.value if node.kind in _ACTS else "",
        target=node.target,
        sensitive=node.sensitive,
    )
    return ScriptView(script_id, source.title, (_step(node, context, place.variables),), guide)


def progress(source: ScriptSource, place: Place) -> float:
    """How far the conversation is: 1 at an end, else what was walked against the longest that may be left."""
    main = [shown for shown in place.path if source.nodes[shown].kind is not NodeKind.OBJECTION] or [place.node]
    left = source.shown_left.get(main[-1], 0)
    walked = len(set(main))
    return walked / (walked + left) if left else 1.0


def _title(node: Node, language: str) -> str:
    return pick(node.title, language) or node.id.replace("_", " ")


def _step(node: Node, context: ScriptContext, variables: Mapping[str, Value]) -> Step:
    texts = {name: as_text(value) for name, value in variables.items()}
    html = render_text(pick(node.say, context.language), context, texts)
    questions = tuple(_question(question, context) for question in node.questions)
    return Step(pick(node.title, context.language), html, questions)


def _question(question: QuestionSource, context: ScriptContext) -> Question:
    return Question(
        question.key,
        pick(question.label, context.language),
        question.kind,
        question.choices,
        question.required,
        context.answers.get(question.key, question.default),
        tuple(pick(label, context.language) for label in question.choice_labels),
        "" if question.low is None else f"{question.low:f}",
        "" if question.high is None else f"{question.high:f}",
        question.unit,
    )
