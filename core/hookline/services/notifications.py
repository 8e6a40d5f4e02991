"""Tells plugins, by notify hooks, what published events say."""

from __future__ import annotations

from hookline.bus import PublishedEvent
from hookline.db.database import Database
from hookline.db.models import Call, Disposition
from hookline.domain.campaigns import Category
from hookline.domain.results import DisposedCall
from hookline.ports.hooks import Hooks


class DispositionNotifier:
    """Turns the event CallDisposed into the hook `hookline_call_disposed`."""

    def __init__(self, db: Database, hooks: Hooks) -> None:
        self._db = db
        self._hooks = hooks

    def tell(self, plugin: str, happened: PublishedEvent) -> None:
        """Tell one plugin of a published event."""
        if happened.type != "CallDisposed" or happened.call_id is None:
            return
        with self._db.read() as session:
            call = session.get(Call, happened.call_id)
            disposition = session.get(Disposition, call.disposition_id) if call and call.disposition_id else None
        if call is None or disposition is None or call.disposed_at is None:
            return
        self._hooks.call_disposed(
            DisposedCall(
                call_id=call.id,
                client_id=call.client_id,
                campaign_id=call.campaign_id,
                contact_id=call.contact_id,
                number=call.number,
                agent_id=call.agent_id,
                code=disposition.code,
                category=Category(disposition.category),
                at=call.disposed_at,
            ),
            to=plugin,
        )
