"""What came of a script: how far conversations got, where they ended, how long each node took, what reached a goal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select

from hookline.db.database import Database
from hookline.domain.access import Actor
from hookline_scripts.format import Node, ScriptSource, parse_script, pick
from hookline_scripts.graph.model import NodeKind
from hookline_scripts.models import Visit
from hookline_scripts.service import ScriptService


@dataclass(frozen=True)
class NodeResult:
    """One node: how many calls came to it, in how many it was the last, and the mean time spent there (seconds).

    `goal_share`: of the calls that came to it, the share that reached a goal; None where none came.
    """

    id: str
    title: str
    kind: NodeKind
    goal: bool
    calls: int
    ended: int
    seconds: float
    goal_share: float | None


@dataclass(frozen=True)
class ScriptResults:
    """A version's conversations: `successes` reached a goal. Nodes in the order in which they are written."""

    version: int
    calls: int
    successes: int
    nodes: tuple[NodeResult, ...]
    objections: tuple[NodeResult, ...]


@dataclass
class _Counted:
    calls: set[int] = field(default_factory=set)
    ended: int = 0
    seconds: float = 0.0
    left: int = 0


class ScriptReports:
    """Reads results for holders of scripts.manage."""

    def __init__(self, db: Database, scripts: ScriptService) -> None:
        self._db = db
        self._scripts = scripts

    def results(self, actor: Actor, script_id: int, version: int, language: str) -> ScriptResults | None:
        """What came of the version; None where it is not one that leads. Raises NotFound for a foreign script."""
        text = next((v.text for v in self._scripts.versions(actor, script_id) if v.version == version), None)
        source = parse_script(text) if text else None
        if source is None or not source.guided:
            return None
        query = select(Visit.call_id, Visit.node, Visit.at).where(
            Visit.script_id == script_id, Visit.version == version, Visit.how != "passed"
        )
        with self._db.read() as session:
            rows = [(call, node, at) for call, node, at in session.execute(query.order_by(Visit.call_id, Visit.id))]
        return counted(source, version, rows, language)


def counted(
    source: ScriptSource, version: int, rows: Iterable[tuple[int, str, datetime]], language: str
) -> ScriptResults:
    """Results from visits, by call and in their order."""
    found: dict[str, _Counted] = defaultdict(_Counted)
    calls: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    for call, node, at in rows:
        calls[call].append((node, at))
    succeeded = {
        call for call, way in calls.items() if any(node in source.nodes and source.nodes[node].goal for node, _ in way)
    }
    for call, way in calls.items():
        for (node, at), (_, then) in pairwise(way):
            found[node].seconds += (then - at).total_seconds()
            found[node].left += 1
        for node, _ in way:
            found[node].calls.add(call)
        found[way[-1][0]].ended += 1
    told = [_result(node, found[node.id], succeeded, language) for node in source.nodes.values() if not node.silent]
    return ScriptResults(
        version,
        len(calls),
        len(succeeded),
        tuple(one for one in told if one.kind is not NodeKind.OBJECTION),
        tuple(one for one in told if one.kind is NodeKind.OBJECTION),
    )


def _result(node: Node, counted_: _Counted, succeeded: set[int], language: str) -> NodeResult:
    calls = counted_.calls
    return NodeResult(
        node.id,
        pick(node.title, language) or node.id.replace("_", " "),
        node.kind,
        node.goal,
        len(calls),
        counted_.ended,
        counted_.seconds / counted_.left if counted_.left else 0.0,
        len(calls & succeeded) / len(calls) if calls else None,
    )
