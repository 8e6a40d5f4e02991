"""What the agent's desktop shows of a conversation script, whatever engine it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class QuestionKind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    CHOICE = "choice"
    YES_NO = "yes_no"
    NUMBER = "number"
    DATE = "date"
    #: Any of the choices; kept with "; " between them.
    MULTI_CHOICE = "multi_choice"
    #: A whole number from low to high.
    SCALE = "scale"
    #: Kept in E.164 form.
    PHONE = "phone"
    EMAIL = "email"
    #: An amount; `unit` is its currency.
    MONEY = "money"


@dataclass(frozen=True)
class Question:
    """A question whose answer is kept. `choice_labels` are what the agent reads of the `choices`, in their order.

    `low` and `high` bound a number, a scale or an amount, as texts; "": unbounded. `unit`: what is counted.
    """

    key: str
    label: str
    kind: QuestionKind
    choices: tuple[str, ...] = ()
    required: bool = False
    answer: str = ""
    choice_labels: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Step:
    """A part of the script: what to say (already filled in and escaped HTML), and what to ask."""

    title: str
    html: str
    questions: tuple[Question, ...] = ()


class ScriptMove(StrEnum):
    """How an agent goes through a script that leads him."""

    NEXT = "next"
    BACK = "back"
    #: Aside to an objection of the list.
    OBJECTION = "objection"


@dataclass(frozen=True)
class Objection:
    """An objection that a contact may raise at any moment, and for which the script has an answer ready."""

    id: str
    title: str


@dataclass(frozen=True)
class Guide:
    """Where the conversation is in a script that leads the agent.

    `node`: the engine's id of what is shown. `moves`: how many were made, so that each place in the conversation has
    its own. `walked`: titles of what was shown before. `progress`: 0 to 1. `aside`: at an objection. `act`: what is to
    be done here besides speaking ("transfer", "callback", "disposition", or ""); `target`: with whom, or which.
    `sensitive`: the recording is to be paused.
    """

    node: str
    moves: int
    walked: tuple[str, ...] = ()
    progress: float = 0.0
    can_go_back: bool = False
    can_go_on: bool = True
    aside: bool = False
    objections: tuple[Objection, ...] = ()
    act: str = ""
    target: str = ""
    sensitive: bool = False


@dataclass(frozen=True)
class ScriptView:
    """The script of one call, ready to show: all of it, or with a `guide` the present step alone."""

    script_id: str
    title: str
    steps: tuple[Step, ...] = ()
    guide: Guide | None = None


@dataclass(frozen=True)
class ScriptInfo:
    """A script as a campaign may choose it. `id` is the engine's own."""

    id: str
    title: str


@dataclass(frozen=True)
class ScriptContext:
    """What texts may be filled in with: plain strings only."""

    contact: dict[str, str]
    campaign: dict[str, str]
    agent: dict[str, str]
    call_id: int | None
    language: str = "en"
    answers: dict[str, str] = field(default_factory=dict)
