"""Keeps where each call is in its script, and every node it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hookline.db.database import UnitOfWork
from hookline.domain.scripts import ScriptContext, ScriptMove
from hookline.errors import Conflict
from hookline.ports.clock import Clock
from hookline.services.figures import DAY_ZONE
from hookline.text import N_
from hookline_scripts.graph.conditions import Value
from hookline_scripts.graph.model import ScriptSource
from hookline_scripts.graph.values import all_values
from hookline_scripts.graph.walking import Ask, Place, Walk
from hookline_scripts.models import Run, Visit


@dataclass(frozen=True)
class Conversation:
    """A call in a script: how it can be walked, where it is, and how often it moved."""

    walk: Walk
    place: Place
    moves: int = 0


def conversation(
    source: ScriptSource,
    run: Run | None,
    context: ScriptContext,
    answers: Mapping[str, str],
    ask: Ask,
    clock: Clock,
) -> Conversation:
    """The call's conversation as it is kept; at its beginning where it has none yet."""
    today = clock.now().astimezone(ZoneInfo(DAY_ZONE)).date()

    def fields(variables: Mapping[str, Value]) -> Mapping[str, Value]:
        return all_values(source, context, answers, variables, today)

    walk = Walk(source, fields, ask)
    if run is None:
        return Conversation(walk, walk.begin())
    return Conversation(walk, Place(tuple(run.path), {n: _restored(v) for n, v in run.variables.items()}), run.moves)


def moved(now: Conversation, move: ScriptMove, target: str, answers: Mapping[str, str]) -> Place:
    """Where the move leads; raises CannotGoOn."""
    if move is ScriptMove.BACK:
        return now.walk.back(now.place)
    if move is ScriptMove.OBJECTION:
        return now.walk.jump(now.place, target)
    return now.walk.forward(now.place, answers)


def begun(unit: UnitOfWork, call_id: int, script_id: int, version: int, place: Place, agent_id: int | None) -> Run:
    """The call's run, kept from now on, with the visits to the first nodes."""
    now = unit.clock.now()
    run = Run(call_id=call_id, script_id=script_id, version=version, path=[], variables={}, began_at=now, moved_at=now)
    unit.session.add(run)
    _keep(unit, run, place, "begin", agent_id)
    return run


def advance(unit: UnitOfWork, run: Run, seen_moves: int, place: Place, move: ScriptMove, agent_id: int | None) -> None:
    """Keep the new place; raises Conflict where another page moved meanwhile."""
    if run.moves != seen_moves:
        raise Conflict(
            N_("The script was moved on in another window."), N_("Look where it is now, and go on from there.")
        )
    run.moves += 1
    _keep(unit, run, place, move.value, agent_id)


def _keep(unit: UnitOfWork, run: Run, place: Place, how: str, agent_id: int | None) -> None:
    origin = run.path[-1] if run.path else ""
    for node, manner in (*((silent, "passed") for silent in place.passed), (place.node, how)):
        visit = Visit(call_id=run.call_id, script_id=run.script_id, version=run.version, node=node, origin=origin)
        visit.how, visit.agent_id, visit.at = manner, agent_id, unit.clock.now()
        unit.session.add(visit)
    run.path, run.moved_at = list(place.path), unit.clock.now()
    run.variables = {name: _kept(value) for name, value in place.variables.items()}


def run_of(session: Session, call_id: int | None, script_id: int) -> Run | None:
    """Where the call is in the script; None: it has not begun."""
    return None if call_id is None else session.get(Run, (call_id, script_id))


def _kept(value: Value) -> Any:
    # JSON has no exact numbers and no dates, so both are written as texts that say what they are.
    if isinstance(value, Decimal):
        return {"number": str(value)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return list(value) if isinstance(value, tuple) else value


def _restored(kept: Any) -> Value:
    if isinstance(kept, dict):
        return Decimal(kept["number"]) if "number" in kept else date.fromisoformat(kept["date"])
    if isinstance(kept, list):
        return tuple(str(one) for one in kept)
    return kept if isinstance(kept, str | bool) else None
