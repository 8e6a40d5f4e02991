"""Whether trunks are there: each is asked by OPTIONS once a minute, and what it said last is kept for all to see."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from hookline.db.database import Database
from hookline.jobs import JobRun
from hookline_telephony_sip.errors import InvalidSipValue
from hookline_telephony_sip.models import TrunkCheck, TrunkRecord
from hookline_telephony_sip.ping import Pong, ping

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60
#: What was seen longer ago says nothing about now.
FRESH = timedelta(seconds=3 * EVERY_SECONDS)
_AT_ONCE = 8


@dataclass(frozen=True)
class Reach:
    """What a trunk said when it was asked last. `answers` None: not asked yet, or too long ago to count."""

    answers: bool | None = None
    code: int = 0
    milliseconds: int = 0
    problem: str = ""  # as in `ping.Pong`
    since_at: datetime | None = None


class TrunkReach:
    """Asks the active trunks and remembers their answers. `ask` is the ping, as tests may replace it."""

    def __init__(
        self,
        db: Database,
        bind_address: str,
        authorities: str = "",
        ask: Callable[[str, int, str, str, str], Pong] = ping,
    ) -> None:
        self._db = db
        self._bind_address = bind_address
        self._authorities = authorities
        self._ask = ask

    def check_all(self, run: JobRun) -> str:
        """Ask every active trunk now; how many answer, for the jobs page."""
        trunks = self._active()
        run.progress(0, len(trunks))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            pongs = list(pool.map(self._ping, trunks))
        for trunk, pong in zip(trunks, pongs, strict=True):
            self._keep(trunk.id, pong)
        answering = sum(bool(pong.code) for pong in pongs)
        return f"{answering} of {len(trunks)} answer" if trunks else ""

    def states(self) -> dict[int, Reach]:
        """What each trunk said last, by its id."""
        now = self._db.clock.now()
        with self._db.read() as session:
            return {row.trunk_id: _reach(row, now) for row in session.scalars(select(TrunkCheck))}

    def fresh_states(self) -> list[tuple[TrunkRecord, Reach]]:
        """Every active trunk with its state; who was not asked lately is asked now."""
        known = self.states()
        trunks = self._active()
        stale = [trunk for trunk in trunks if known.get(trunk.id, Reach()).answers is None]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            asked = {t.id: p for t, p in zip(stale, pool.map(self._ping, stale), strict=True)}
        return [(trunk, _seen(asked[trunk.id]) if trunk.id in asked else known[trunk.id]) for trunk in trunks]

    def _active(self) -> list[TrunkRecord]:
        with self._db.read() as session:
            return list(session.scalars(select(TrunkRecord).where(TrunkRecord.active).order_by(TrunkRecord.id)))

    def _ping(self, trunk: TrunkRecord) -> Pong:
        try:
            return self._ask(trunk.host, trunk.port, self._bind_address, trunk.transport, self._authorities)
        except InvalidSipValue:
            return Pong(problem="unresolved")

    def _keep(self, trunk_id: int, pong: Pong) -> None:
        with self._db.write() as unit:
            if unit.session.get(TrunkRecord, trunk_id) is None:
                return
            row = unit.session.get(TrunkCheck, trunk_id)
            now, answers = unit.clock.now(), bool(pong.code)
            if row is None:
                row = TrunkCheck(trunk_id=trunk_id, answers=answers, since_at=now)
                unit.session.add(row)
            elif row.answers != answers:
                row.answers, row.since_at = answers, now
                log.warning("trunk_answers" if answers else "trunk_silent", trunk=trunk_id, problem=pong.problem)
            row.checked_at, row.code, row.problem = now, pong.code, pong.problem
            row.milliseconds = round(pong.seconds * 1000)


def _reach(row: TrunkCheck, now: datetime) -> Reach:
    if now - row.checked_at > FRESH:
        return Reach(since_at=row.checked_at)
    return Reach(row.answers, row.code, row.milliseconds, row.problem, row.since_at)


def _seen(pong: Pong) -> Reach:
    return Reach(bool(pong.code), pong.code, round(pong.seconds * 1000), pong.problem)
