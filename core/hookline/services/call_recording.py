"""Recording a running call: begun, paused for what must not be kept, begun anew after a transfer came back."""

from __future__ import annotations

import uuid
from pathlib import Path

import structlog
from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import Call, Recording
from hookline.errors import Conflict
from hookline.ports.telephony import TelephonyBackend, TelephonyError
from hookline.text import N_

log = structlog.get_logger(__name__)


class CallRecorder:
    """Lets backends record into `folder`."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder

    def start(self, call: Call, backend: TelephonyBackend) -> bool:
        """Record the call's customer leg; False, and logged, where the backend cannot."""
        at = self._db.clock.now()
        relative = Path(f"{at:%Y}") / f"{at:%m}" / f"{at:%d}" / f"call-{call.id}-{uuid.uuid4().hex[:8]}.wav"
        path = self._folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        backend_id = uuid.uuid4().hex
        with self._db.write() as unit:
            unit.session.add(
                Recording(
                    backend_id=backend_id, call_id=call.id, client_id=call.client_id, path=str(relative), started_at=at
                )
            )
        try:
            backend.start_recording(call.conversation_id, call.customer_leg_id, backend_id, path)
        except TelephonyError as error:
            log.error("recording could not be started", call_id=call.id, error=error.id)
            with self._db.write() as unit:
                row = unit.session.scalars(select(Recording).where(Recording.backend_id == backend_id)).one()
                row.state = "failed"
            return False
        return True

    def pause(self, call: Call, backend: TelephonyBackend, on: bool) -> None:
        """Pause or go on. Raises Conflict where the call is not being recorded, TelephonyError from the backend."""
        with self._db.read() as session:
            running = session.scalars(
                select(Recording.backend_id).where(Recording.call_id == call.id, Recording.state == "recording")
            ).all()
        if not running:
            raise Conflict(N_("This call is not being recorded."))
        for backend_id in running:
            backend.pause_recording(backend_id, on)
