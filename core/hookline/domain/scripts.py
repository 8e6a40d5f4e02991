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


@dataclass(frozen=True)
class Question:
    """A question whose answer is kept."""

    key: str
    label: str
    kind: QuestionKind
    choices: tuple[str, ...] = ()
    required: bool = False
    answer: str = ""


@dataclass(frozen=True)
class Step:
    """A part of the script: what to say (already filled in and escaped HTML), and what to ask."""

    title: str
    html: str
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class ScriptView:
    """The script of one call, ready to show."""

    script_id: str
    title: str
    steps: tuple[Step, ...] = ()


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
