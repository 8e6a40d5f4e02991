"""The shape of a script file: a list of steps, or a graph of nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from hookline.text import N_
from hookline_scripts.graph.model import NodeKind
from hookline_scripts.graph.question_schemas import (
    FILLED,
    KEY,
    MISSING,
    NOT_GROUP,
    NOT_LIST,
    NUMBER,
    TRUE_OR_FALSE,
    WORDS,
    LocalText,
    Part,
    QuestionSchema,
)

#: More would fit on no screen; whoever needs more links two scripts.
MOST_NODES = 2000
_TITLE = validate.Length(1, 120, error=MISSING)
_WAYS = N_("“next” is the name of a node, or a list of “to:” with “when:”.")


class Ways(fields.Field[list[dict[str, str]]]):
    """Where a node leads: a node's name, or a list of {when, to}; loads into the list."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[dict[str, str]]:
        ways = [{"to": value}] if isinstance(value, str) else value
        if not isinstance(ways, list) or not all(_is_way(way) for way in ways):
            raise ValidationError(_WAYS)
        if not ways or any("when" not in way for way in ways[:-1]):
            raise ValidationError(N_("Only the last way of a node may be without a condition."))
        return ways


def _is_way(way: Any) -> bool:
    return (
        isinstance(way, dict)
        and set(way) <= {"to", "when"}
        and all(isinstance(text, str) and text.strip() for text in way.values())
        and "to" in way
    )


def _texts_by_name() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=KEY, error_messages=WORDS),
        values=fields.String(validate=FILLED, error_messages=WORDS),
        load_default=dict,
        error_messages={"invalid": NOT_GROUP},
    )


class LookupSchema(Part):
    """A question to another system."""

    url = fields.String(
        required=True,
        error_messages=WORDS,
        validate=validate.URL(
            schemes={"http", "https"}, require_tld=False, error=N_("An address begins with https://.")
        ),
    )
    query = _texts_by_name()
    save = _texts_by_name()
    seconds = fields.Float(
        load_default=2.0,
        validate=validate.Range(0.1, 5.0, error=N_("The agent waits: at most 5 seconds.")),
        error_messages={"invalid": NUMBER},
    )
    fallback = fields.String(required=True, validate=FILLED, error_messages=WORDS)


class ConsentSchema(Part):
    """What a consent node asks for."""

    purpose = fields.String(required=True, validate=FILLED, error_messages=WORDS)
    channel = fields.String(load_default="telephone", validate=FILLED, error_messages=WORDS)
    days = fields.Integer(
        load_default=0,
        validate=validate.Range(0, 3650, error=N_("A consent lasts ten years at most.")),
        error_messages={"invalid": NUMBER},
    )
    version = fields.String(load_default="", error_messages=WORDS)


class StepSchema(Part):
    """One step: something to say, or to ask, or both."""

    title = LocalText(required=True, error_messages=WORDS)
    say = LocalText(error_messages=WORDS, load_default=dict)
    ask = fields.List(
        fields.Nested(QuestionSchema, error_messages={"type": NOT_GROUP}),
        load_default=list,
        error_messages={"invalid": NOT_LIST},
    )

    @validates_schema
    def _has_content(self, data: dict[str, Any], **_: Any) -> None:
        if not data["say"] and not data["ask"]:
            raise ValidationError(N_("A step needs something to say or to ask."))


class NodeSchema(Part):
    """One node of a graph."""

    kind = fields.String(
        load_default="",
        error_messages=WORDS,
        validate=validate.OneOf(
            ["", *(kind.value for kind in NodeKind)],
            error=N_(
                "The kind of a node is one of: say, question, information, consent, objection, set, compute, branch,"
                " lookup, transfer, callback, disposition, end."
            ),
        ),
    )
    title = LocalText(load_default=dict, error_messages=WORDS)
    say = LocalText(load_default=dict, error_messages=WORDS)
    ask = fields.List(
        fields.Nested(QuestionSchema, error_messages={"type": NOT_GROUP}),
        load_default=list,
        error_messages={"invalid": NOT_LIST},
    )
    next = Ways(load_default=list, error_messages=WORDS)
    set = _texts_by_name()
    lookup = fields.Nested(LookupSchema, load_default=None, error_messages={"type": NOT_GROUP})
    consent = fields.Nested(ConsentSchema, load_default=None, error_messages={"type": NOT_GROUP})
    target = fields.String(load_default="", validate=validate.Length(max=80), error_messages=WORDS)
    offer = fields.Boolean(load_default=False, error_messages={"invalid": TRUE_OR_FALSE})
    goal = fields.Boolean(load_default=False, error_messages={"invalid": TRUE_OR_FALSE})
    sensitive = fields.Boolean(load_default=False, error_messages={"invalid": TRUE_OR_FALSE})
    visits = fields.Integer(
        load_default=10,
        validate=validate.Range(1, 100, error=N_("A node may be visited 1 to 100 times in a call.")),
        error_messages={"invalid": NUMBER},
    )
    position = fields.List(
        fields.Float(error_messages={"invalid": NUMBER}),
        load_default=None,
        validate=validate.Length(equal=2, error=N_("A position is two numbers.")),
        error_messages={"invalid": NOT_LIST},
    )

    @validates_schema
    def _fits_its_kind(self, data: dict[str, Any], **_: Any) -> None:
        kind = data["kind"]
        for entry, kinds in _BELONGS.items():
            if data[entry] and kind not in kinds:
                raise ValidationError(N_("A node of this kind has no such entry."), entry)
        for entry, kinds in _NEEDS.items():
            if kind in kinds and not data[entry]:
                raise ValidationError(MISSING, entry)


_BELONGS: dict[str, tuple[str, ...]] = {
    "set": ("set", "compute"),
    "lookup": ("lookup",),
    "consent": ("consent",),
    "target": ("transfer", "disposition"),
    "ask": ("", "question", "consent", "objection", "information", "callback"),
}
_NEEDS: dict[str, tuple[str, ...]] = {
    "set": ("set", "compute"),
    "lookup": ("lookup",),
    "consent": ("consent",),
    "target": ("disposition",),
    "say": ("say", "information", "consent", "objection"),
    "ask": ("question",),
    "next": ("branch",),
}


class ScriptSchema(Part):
    """The whole file: `steps`, or `nodes`."""

    title = fields.String(required=True, error_messages=WORDS, validate=_TITLE)
    languages = fields.List(
        fields.String(
            validate=validate.Regexp(
                r"^[a-z]{2}\Z", error=N_("A language has a code of two letters, such as pl or en.")
            )
        ),
        load_default=list,
        error_messages={"invalid": NOT_LIST},
    )
    consent_before_call = fields.Boolean(load_default=False, error_messages={"invalid": TRUE_OR_FALSE})
    start = fields.String(load_default="", error_messages=WORDS)
    steps = fields.List(
        fields.Nested(StepSchema, error_messages={"type": NOT_GROUP}),
        error_messages={"required": MISSING, "invalid": NOT_LIST},
        validate=validate.Length(min=1, error=N_("A script needs at least one step.")),
    )
    nodes = fields.Dict(
        keys=fields.String(validate=KEY, error_messages=WORDS),
        values=fields.Nested(NodeSchema, error_messages={"type": NOT_GROUP}),
        error_messages={"invalid": NOT_GROUP},
        validate=validate.Length(1, MOST_NODES, error=N_("A script has between 1 and 2000 nodes.")),
    )

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        if "steps" not in data and "nodes" not in data:
            raise ValidationError(MISSING, "steps")
        if "steps" in data and "nodes" in data:
            raise ValidationError(N_("A script has steps or nodes, not both."), "steps")

    @validates_schema
    def _keys_once(self, data: dict[str, Any], **_: Any) -> None:
        for part, places in (("steps", enumerate(data.get("steps", ()))), ("nodes", data.get("nodes", {}).items())):
            errors = _twice(list(places))
            if errors:
                raise ValidationError({part: errors})


def _twice(places: Iterable[tuple[Any, dict[str, Any]]]) -> dict[Any, Any]:
    keys = Counter(question["key"] for _place, part in places for question in part["ask"])
    errors: dict[Any, Any] = {}
    for place, part in places:
        twice = {
            number: {"key": [N_("This key is used twice.")]}
            for number, question in enumerate(part["ask"])
            if keys[question["key"]] > 1
        }
        if twice:
            errors[place] = {"ask": twice}
    return errors
