"""Results sent to a client's own system: signed pieces to a webhook endpoint, each with its id, until all are there.

A piece that fails is tried again as other messages are; a stop, a crash or a cancellation loses nothing, since the next
piece begins after the last one that arrived. A piece that came twice has the same id twice.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import func, select

from hookline.db.database import Database
from hookline.db.models import Campaign, ResultPush, WebhookEndpoint
from hookline.domain.access import Actor
from hookline.errors import Conflict, HooklineError, InvalidInput, NotFound
from hookline.jobs import Job, JobRun
from hookline.services.campaign_scope import campaign_in_scope
from hookline.services.exports import ExportService, RowPer
from hookline.services.figures import campaigns_within
from hookline.services.webhooks import delivery
from hookline.services.webhooks.posting import Answer
from hookline.text import N_

log = structlog.get_logger(__name__)

RUNNING, DONE, FAILED, CANCELLED = "running", "done", "failed", "cancelled"
#: The type of each piece.
KIND = "ResultsExport"
_PIECE = 500
_AT_ONCE = 3
_GONE = 410

Post = Callable[[WebhookEndpoint, delivery.Message], Answer]


@dataclass(frozen=True)
class Piece:
    """What is posted next, and where the one after it begins. `last`: none comes after it."""

    message: delivery.Message
    rows: int
    until: int
    last: bool


class ResultPushes:
    """Keeps exports to endpoints and sends them on."""

    def __init__(self, db: Database, exports: ExportService, post: Post, chance: random.Random | None = None) -> None:
        self._db = db
        self._exports = exports
        self._post = post
        self._chance = chance or random.SystemRandom()

    def endpoints(self, actor: Actor, campaign_id: int) -> Sequence[WebhookEndpoint]:
        """The endpoints of the campaign's client that can be sent to. Raises NotFound."""
        actor.require("results.export")
        with self._db.read() as session:
            campaign = campaign_in_scope(session, actor.scope, campaign_id)
            rows = select(WebhookEndpoint).where(
                WebhookEndpoint.client_id == campaign.client_id, WebhookEndpoint.state != "gone"
            )
            return session.scalars(rows.order_by(WebhookEndpoint.id)).all()

    def start(self, actor: Actor, campaign_id: int, endpoint_id: int, per: RowPer) -> int:
        """Send the campaign's results to an endpoint of its client; the export's id.

        Raises NotFound, InvalidInput for an endpoint that is not its client's, Conflict where enough are on their way.
        """
        if endpoint_id not in {endpoint.id for endpoint in self.endpoints(actor, campaign_id)}:
            text = N_("The campaign's client has no such endpoint.")
            raise InvalidInput(text, N_("Choose from the list."), {"endpoint_id": [text]})
        total = self._exports.count_rows(campaign_id, per)
        with self._db.write() as unit:
            under_way = select(func.count()).where(ResultPush.campaign_id == campaign_id, ResultPush.state == RUNNING)
            if (unit.session.scalar(under_way) or 0) >= _AT_ONCE:
                raise Conflict(N_("Enough exports of this campaign are on their way."), N_("Wait for one to end."))
            made = ResultPush(
                campaign_id=campaign_id,
                endpoint_id=endpoint_id,
                per=per.value,
                rows_total=total,
                due_at=unit.clock.now(),
                asked_by=actor.user_id,
                created_at=unit.clock.now(),
            )
            unit.session.add(made)
            unit.session.flush()
            return made.id

    def cancel(self, actor: Actor, push_id: int) -> None:
        """Send no further piece. Raises NotFound, Conflict where it has ended."""
        self._move(actor, push_id, (RUNNING,), CANCELLED)

    def resume(self, actor: Actor, push_id: int) -> None:
        """Go on after the last piece that arrived. Raises NotFound, Conflict where it is on its way or done."""
        self._move(actor, push_id, (FAILED, CANCELLED), RUNNING)

    def _move(self, actor: Actor, push_id: int, present: tuple[str, ...], wanted: str) -> None:
        actor.require("results.export")
        with self._db.write() as unit:
            found = unit.find_held(ResultPush, push_id)
            if found is None:
                raise _no_such()
            campaign_in_scope(unit.session, actor.scope, found.campaign_id)
            if found.state not in present:
                raise Conflict(N_("The export is not in a state for this."), N_("Look at it again."))
            found.state, found.attempts, found.due_at = wanted, 0, unit.clock.now()
            found.finished_at = None if wanted == RUNNING else unit.clock.now()

    def get(self, actor: Actor, push_id: int) -> ResultPush:
        """One export; raises NotFound."""
        actor.require("results.export")
        with self._db.read() as session:
            found = session.get(ResultPush, push_id)
            if found is None:
                raise _no_such()
            campaign_in_scope(session, actor.scope, found.campaign_id)
            return found

    def list_of(
        self, actor: Actor, campaign_id: int | None = None, before: int | None = None, most: int = 50
    ) -> Sequence[ResultPush]:
        """Exports in the actor's scope, one campaign's or all, newest first; those before this one."""
        actor.require("results.export")
        rows = select(ResultPush).join(Campaign, Campaign.id == ResultPush.campaign_id)
        rows = rows.where(campaigns_within(actor.scope))
        if before is not None:
            rows = rows.where(ResultPush.id < before)
        with self._db.read() as session:
            if campaign_id is not None:
                rows = rows.where(ResultPush.campaign_id == campaign_in_scope(session, actor.scope, campaign_id).id)
            return session.scalars(rows.order_by(ResultPush.id.desc()).limit(most)).all()

    # Sending

    def jobs(self) -> list[Job]:
        """The job that sends what is due."""
        return [Job("core.send-results", N_("Send results to webhook endpoints"), self.work, every_seconds=5)]

    def work(self, run: JobRun) -> str | None:
        """Send every piece that is due; how many."""
        sent = 0
        while (due := self._due()) is not None:
            run.progress(due.rows_sent, due.rows_total)
            sent += self.send_piece(due.id)
        return str(sent) if sent else None

    def send_piece(self, push_id: int) -> bool:
        """Try the next piece of an export; whether it arrived."""
        with self._db.read() as session:
            push = session.get_one(ResultPush, push_id)
            endpoint = session.get_one(WebhookEndpoint, push.endpoint_id)
        if endpoint.state == "gone":
            return self._failed(push_id, Answer(_GONE, N_("The receiver said that this address is gone.")))
        try:
            piece = self._piece(push, endpoint)
        except HooklineError as error:
            return self._failed(push_id, Answer(None, error.message_id))
        answer = self._post(endpoint, piece.message)
        return self._failed(push_id, answer) if answer.error else self._arrived(push_id, push.piece, piece, answer)

    def _due(self) -> ResultPush | None:
        with self._db.read() as session:
            rows = select(ResultPush).join(WebhookEndpoint, WebhookEndpoint.id == ResultPush.endpoint_id)
            due = rows.where(
                ResultPush.state == RUNNING,
                ResultPush.due_at <= self._db.clock.now(),
                WebhookEndpoint.state != "paused",
            )
            return session.scalars(due.order_by(ResultPush.due_at, ResultPush.id).limit(1)).first()

    def _piece(self, push: ResultPush, endpoint: WebhookEndpoint) -> Piece:
        rows, until = self._exports.rows_after(push.campaign_id, RowPer(push.per), push.after_id, _PIECE)
        identity = f"export_{push.id}_{push.piece}"
        last = len(rows) < _PIECE
        told = {
            "client_id": endpoint.client_id,
            "campaign_id": push.campaign_id,
            "export": push.id,
            "per": push.per,
            "piece": push.piece,
            "last": last,
            "rows": rows,
        }
        body = delivery.as_text(identity, KIND, self._db.clock.now(), json.loads(json.dumps(told, default=str)))
        return Piece(delivery.Message(identity, KIND, identity, body), len(rows), until, last)

    def _arrived(self, push_id: int, number: int, piece: Piece, answer: Answer) -> bool:
        with self._db.write() as unit:
            push = unit.hold(ResultPush, push_id)
            if push.piece != number:
                return True  # noted already
            push.after_id, push.piece, push.rows_sent = piece.until, number + 1, push.rows_sent + piece.rows
            push.attempts, push.status, push.error, push.due_at = 0, answer.status, "", unit.clock.now()
            push.rows_total = max(push.rows_total, push.rows_sent)
            if piece.last and push.state == RUNNING:
                push.state, push.finished_at = DONE, unit.clock.now()
        log.info("a piece of results arrived", export=push_id, piece=number, rows=piece.rows)
        return True

    def _failed(self, push_id: int, answer: Answer) -> bool:
        with self._db.write() as unit:
            push = unit.hold(ResultPush, push_id)
            push.attempts += 1
            push.status, push.error = answer.status, answer.error
            asked = timedelta(seconds=answer.wait_seconds)
            push.due_at = unit.clock.now() + max(delivery.wait_after(push.attempts, self._chance), asked)
            over = answer.status == _GONE or push.attempts >= delivery.MOST_ATTEMPTS
            if over and push.state == RUNNING:
                push.state, push.finished_at = FAILED, unit.clock.now()
        log.warning("a piece of results did not arrive", export=push_id, status=answer.status)
        return False


def _no_such() -> NotFound:
    return NotFound(N_("There is no such export."))
