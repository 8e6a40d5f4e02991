"""Stories: answers in, the expected way and end out. A script's tests, written by whoever writes the script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from marshmallow import fields, validate

from hookline.domain.scripts import ScriptContext
from hookline.text import N_
from hookline_scripts.answers import WrongAnswer, clean_answer
from hookline_scripts.graph.conditions import Value
from hookline_scripts.graph.model import ENDING, Lookup, ScriptSource
from hookline_scripts.graph.question_schemas import FILLED, NOT_GROUP, NOT_LIST, WORDS, Part
from hookline_scripts.graph.values import all_values, number_of
from hookline_scripts.graph.walking import CannotGoOn, Walk
from hookline_scripts.yaml_text import compose, load

_MOST_MOVES = 1000


@dataclass(frozen=True)
class Story:
    """One conversation. `objections`: at which node the contact raises which. `lookups`: by address, what is answered.

    `path` and `end` may be empty: then they are not looked at. `stops_at`: the node where the script goes no further.
    """

    name: str
    answers: Mapping[str, str] = field(default_factory=dict)
    contact: Mapping[str, str] = field(default_factory=dict)
    campaign: Mapping[str, str] = field(default_factory=dict)
    objections: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    language: str = "en"
    today: date = date(2026, 1, 15)
    path: tuple[str, ...] = ()
    end: str = ""
    stops_at: str = ""


@dataclass(frozen=True)
class Told:
    """What came of a story: the way that was walked, and what differs from what was expected."""

    story: Story
    path: tuple[str, ...]
    complaints: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether it went as it was told."""
        return not self.complaints


def _texts() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(),
        values=fields.String(error_messages=WORDS),
        load_default=dict,
        error_messages={"invalid": NOT_GROUP},
    )


class StorySchema(Part):
    """One story."""

    name = fields.String(required=True, validate=FILLED, error_messages=WORDS)
    language = fields.String(load_default="en", error_messages=WORDS)
    today = fields.Date(
        load_default=date(2026, 1, 15), error_messages={"invalid": N_("A date is expected here, such as 2025-03-31.")}
    )
    contact = _texts()
    campaign = _texts()
    answers = _texts()
    objections = _texts()
    lookups = fields.Dict(
        keys=fields.String(), values=_texts(), load_default=dict, error_messages={"invalid": NOT_GROUP}
    )
    path = fields.List(fields.String(error_messages=WORDS), load_default=list, error_messages={"invalid": NOT_LIST})
    end = fields.String(load_default="", error_messages=WORDS)
    stops_at = fields.String(load_default="", error_messages=WORDS)


class StoriesSchema(Part):
    """A file of stories. `script`: the script's file, from the file of stories on."""

    script = fields.String(required=True, validate=FILLED, error_messages=WORDS)
    stories = fields.List(
        fields.Nested(StorySchema, error_messages={"type": NOT_GROUP}),
        required=True,
        validate=validate.Length(min=1, error=N_("There is no story in the file.")),
        error_messages={"invalid": NOT_LIST, **WORDS},
    )


def read_stories(text: str) -> tuple[str, list[Story]]:
    """The script's file and the stories about it; raises InvalidScript with every complaint at its line."""
    data = load(StoriesSchema(), compose(text))
    stories = [Story(**{**story, "path": tuple(story["path"])}) for story in data["stories"]]
    return data["script"], stories


def script_file(stories_file: Path, script: str) -> Path:
    """Where the script of a file of stories is."""
    return (stories_file.parent / script).resolve()


def tell(source: ScriptSource, story: Story) -> Told:
    """Walk the script as the story says."""
    telling = _Telling(source, story)
    try:
        path = telling.walk()
    except (CannotGoOn, WrongAnswer) as error:
        held_up = isinstance(error, CannotGoOn) and story.stops_at == telling.path[-1]
        return Told(story, telling.path, () if held_up else (str(error),))
    complaints = [f"It was not held up at {story.stops_at}."] if story.stops_at else []
    if story.path and path != story.path:
        complaints.append(_differs(story.path, path))
    if story.end and path[-1] != story.end:
        complaints.append(f"It ended at {path[-1]}, not at {story.end}.")
    unknown = sorted(set(story.answers) - telling.asked)
    if unknown:
        complaints.append(f"Never asked: {', '.join(unknown)}.")
    return Told(story, path, tuple(complaints))


def _differs(wanted: tuple[str, ...], path: tuple[str, ...]) -> str:
    both = zip(wanted, path, strict=False)
    same = next((i for i, (one, other) in enumerate(both) if one != other), min(len(wanted), len(path)))
    was, should = (" → ".join(way[same:]) or "over" for way in (path, wanted))
    return f"From step {same + 1} on the way was {was}, not {should}."


class _Telling:
    def __init__(self, source: ScriptSource, story: Story) -> None:
        self._source = source
        self._story = story
        self._answers: dict[str, str] = {}
        self._raised: set[str] = set()
        self.asked: set[str] = set()
        self.path: tuple[str, ...] = ()
        self._context = ScriptContext(dict(story.contact), dict(story.campaign), {}, None, story.language)
        self._walk = Walk(source, self._fields, self._ask)

    def walk(self) -> tuple[str, ...]:
        place = self._walk.begin()
        for _ in range(_MOST_MOVES):
            self.path = place.path
            node = self._source.nodes[place.node]
            self._answer(node.id)
            objection = self._story.objections.get(node.id)
            if objection and node.id not in self._raised:
                self._raised.add(node.id)
                place = self._walk.jump(place, objection)
            elif node.kind in ENDING and not node.exits:
                return place.path
            else:
                place = self._walk.forward(place, self._answers)
        raise CannotGoOn(N_("The story does not come to an end."))

    def _answer(self, node_id: str) -> None:
        for question in self._source.nodes[node_id].questions:
            given = self._story.answers.get(question.key, question.default)
            self.asked.add(question.key)
            self._answers[question.key] = clean_answer(question, given)

    def _fields(self, variables: Mapping[str, Value]) -> Mapping[str, Value]:
        return all_values(self._source, self._context, self._answers, variables, self._story.today)

    def _ask(self, lookup: Lookup, _fields: Mapping[str, Value]) -> Mapping[str, Value] | None:
        answered = self._story.lookups.get(lookup.url)
        if answered is None:
            return None
        return {name: looked_up(answered.get(name)) for name in lookup.save}


def looked_up(value: object) -> Value:
    """A value that another system gave: numbers as numbers, texts as texts."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int | float):
        number = number_of(str(value))
        return number if isinstance(number, Decimal) else str(value)
    return None
