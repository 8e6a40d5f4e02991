"""Nothing is lost for good: Twilio is asked about calls of which it should have told, now and after a restart."""

from __future__ import annotations

import structlog

from hookline_telephony_twilio.accounts import Account
from hookline_telephony_twilio.causes import FINAL
from hookline_telephony_twilio.ending import Ending
from hookline_telephony_twilio.models import CallRecord
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.shared import Shared
from hookline_telephony_twilio.timers import Timer

log = structlog.get_logger(__name__)
_KEY = "watch"
SETTLE_AGAIN_SECONDS = 15.0
"""How long a Twilio that did not answer about a former run's call is left in peace."""


class Watch:
    """Looks after calls."""

    def __init__(self, shared: Shared, ending: Ending) -> None:
        self._shared, self._ending = shared, ending
        self._timer: Timer | None = None

    def start(self) -> None:
        """Settle what a former process left, then look again and again."""
        self._shared.works.alone(self._reconcile)
        self._again()

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _again(self) -> None:
        self._timer = self._shared.timers.call_later(self._shared.settings.watch_seconds, self._due)

    def _due(self) -> None:
        self._shared.works.do(_KEY, self._look)
        self._again()

    def _look(self) -> None:
        """One list for an account; whoever is missing from it is asked about."""
        for account in self._shared.accounts.all().values():
            with self._shared.lock:
                mine = {e.sid: e for e in self._shared.table.legs.values() if e.sid and e.account == account}
            if mine:
                running = self._shared.rest(account).running()
                for sid in mine.keys() - running:
                    self._ending.look(mine[sid])

    # After a restart

    def _reconcile(self) -> None:
        """No leg of a former process is ours to lead any more: whoever still hangs on is let go."""
        accounts = self._shared.accounts.all()
        for row in self._shared.book.open_calls():
            with self._shared.lock:
                if row.leg_id in self._shared.table.legs:
                    continue
            account = accounts.get(row.account_sid)
            if account is None:
                self._shared.book.over(row.leg_id, "unknown")
                continue
            self._settle(account, row)

    def _settle(self, account: Account, row: CallRecord) -> None:
        """Each by itself, since there may be hundreds; until Twilio has said how it stands."""
        works, key = self._shared.works, f"settle-{row.leg_id}"

        def failed(error: ProviderError) -> None:
            log.warning("a call of a former run could not be settled yet", status=error.status, code=error.code)
            works.later(SETTLE_AGAIN_SECONDS, key, lambda: self._settle(account, row))

        works.do(key, lambda: self._close(account, row), failed)

    def _close(self, account: Account, row: CallRecord) -> None:
        rest = self._shared.rest(account)
        sid = row.call_sid
        if not sid:
            # It was asked for, and no answer was seen. Its first message, for a leg that is not there, ends it.
            self._shared.book.over(row.leg_id, "unknown")
            return
        try:
            status = rest.call(sid).status
            if status not in FINAL:
                log.warning("a call outlived the process that led it; ended now", leg=row.leg_id)
                status = rest.complete(sid).status
        except ProviderError as error:
            if not error.over:
                raise
            status = "completed" if error.code == 21220 else "lost"
        self._shared.book.over(row.leg_id, status)
