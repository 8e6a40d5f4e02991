"""What a script is made of: nodes, what each asks, and where each leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from hookline.data_holders import Classification
from hookline.domain.scripts import QuestionKind
from hookline_scripts.graph.conditions import Condition

#: A text by language; "" for the only one.
Texts = Mapping[str, str]


class NodeKind(StrEnum):
    """What a node is for."""

    SAY = "say"
    QUESTION = "question"
    #: Words that the law wants said, such as who calls and what for (GDPR art. 13 and 14).
    INFORMATION = "information"
    CONSENT = "consent"
    #: Reachable from every node while its list is open; leads back to where one was, unless it says where to.
    OBJECTION = "objection"
    SET = "set"
    COMPUTE = "compute"
    BRANCH = "branch"
    LOOKUP = "lookup"
    TRANSFER = "transfer"
    CALLBACK = "callback"
    DISPOSITION = "disposition"
    END = "end"


#: A conversation may end here.
ENDING = frozenset({NodeKind.END, NodeKind.DISPOSITION, NodeKind.TRANSFER})
#: Passed through without the agent seeing them.
SILENT = frozenset({NodeKind.SET, NodeKind.COMPUTE, NodeKind.BRANCH, NodeKind.LOOKUP})


@dataclass(frozen=True)
class QuestionSource:
    """A question as written; `label` by language. `data`: what kind of personal data its answers are.

    `choices` are the values that are kept; `choice_labels` what is read out, by language. `low` and `high` bound
    numbers, scales and money. `unit`: the currency of money, or what a number counts.
    """

    key: str
    label: Texts
    kind: QuestionKind
    choices: tuple[str, ...] = ()
    required: bool = False
    data: Classification = Classification.ORDINARY
    choice_labels: tuple[Texts, ...] = ()
    default: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True)
class Exit:
    """Where a node leads, while `when` holds; None: always."""

    to: str
    when: Condition | None = None


@dataclass(frozen=True)
class Lookup:
    """A question to another system: GET `url` with `query` (full field names), the JSON answer's `save` into variables.

    `save` maps a variable to a JSON pointer (RFC 6901). After `seconds` without an answer, or with an error, the call
    goes on at `fallback`.
    """

    url: str
    fallback: str
    query: Mapping[str, Condition] = field(default_factory=dict)
    save: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 2.0


@dataclass(frozen=True)
class ConsentAsk:
    """What a consent node asks for. `days`: how long the consent is to last; 0: until it is withdrawn."""

    purpose: str
    channel: str = "telephone"
    days: int = 0
    version: str = ""


@dataclass(frozen=True)
class Node:
    """One node, texts not yet filled in. `position`: where the editor draws it. `line`: where it is written.

    `target`: a transfer's number or line, a disposition's code. `offer`: a marketing offer is made here. `goal`: to get
    here is a success. `sensitive`: a recording pauses while it is shown. `visits`: how often one call may come here.
    """

    id: str
    kind: NodeKind = NodeKind.SAY
    title: Texts = field(default_factory=dict)
    say: Texts = field(default_factory=dict)
    questions: tuple[QuestionSource, ...] = ()
    exits: tuple[Exit, ...] = ()
    sets: Mapping[str, Condition] = field(default_factory=dict)
    lookup: Lookup | None = None
    consent: ConsentAsk | None = None
    target: str = ""
    offer: bool = False
    goal: bool = False
    sensitive: bool = False
    visits: int = 10
    position: tuple[float, float] | None = None
    line: int = 0

    @property
    def silent(self) -> bool:
        """Whether the agent never sees it."""
        return self.kind in SILENT

    @property
    def leads_to(self) -> Iterator[str]:
        """Every node that it can lead to."""
        yield from (way.to for way in self.exits)
        if self.lookup is not None:
            yield self.lookup.fallback


@dataclass(frozen=True)
class ScriptSource:
    """A script that passed every check. Not `guided`: all its nodes are shown at once, one below the other."""

    title: str
    nodes: Mapping[str, Node]
    start: str
    guided: bool = False
    languages: tuple[str, ...] = ()
    #: Only those are called who have agreed to it before (PKE art. 398): the campaign's policy sees to it.
    consent_before_call: bool = False

    @property
    def steps(self) -> tuple[Node, ...]:
        """The nodes as they are written."""
        return tuple(self.nodes.values())

    @cached_property
    def _questions(self) -> dict[str, QuestionSource]:
        return {question.key: question for node in self.nodes.values() for question in node.questions}

    def question(self, key: str) -> QuestionSource | None:
        """The question with this key."""
        return self._questions.get(key)

    @cached_property
    def shown_left(self) -> dict[str, int]:
        """How many shown nodes there are from each node to the nearest end, for those that lead to one."""
        left = {node.id: 0 for node in self.nodes.values() if node.kind in ENDING and not node.exits}
        wave = list(left)
        while wave:
            following = []
            for reached in wave:
                cost = 0 if self.nodes[reached].silent else 1
                for origin in self._origins.get(reached, ()):
                    if origin not in left:
                        left[origin] = left[reached] + cost
                        following.append(origin)
            wave = following
        return left

    @cached_property
    def _origins(self) -> dict[str, list[str]]:
        origins: dict[str, list[str]] = {}
        for node in self.nodes.values():
            for to in node.leads_to:
                origins.setdefault(to, []).append(node.id)
        return origins

    @property
    def objections(self) -> tuple[Node, ...]:
        """The jump list, as written."""
        return tuple(node for node in self.nodes.values() if node.kind is NodeKind.OBJECTION)


def pick(texts: Texts, language: str) -> str:
    """The text in the language, else the plain one, else English, else the first there is."""
    for wanted in (language[:2], "", "en"):
        if wanted in texts:
            return texts[wanted]
    return next(iter(texts.values()), "")
