"""Recordings that a former process left at Twilio: fetched at the start."""

from __future__ import annotations

import os
from pathlib import Path

from hookline.storage import checksums
from hookline_telephony_twilio.errors import RecordingPending
from hookline_telephony_twilio.gaps import finish_wav
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.provider.media import fetch
from hookline_telephony_twilio.shared import Shared


class Mending:
    """Fetches them."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def mend(self, path: Path) -> list[tuple[float, float]]:
        """Have the file be there; its gaps are not known any more. Raises RecordingPending."""
        row = self._shared.book.of_path(str(path))
        account = self._shared.accounts.all().get(row.account_sid) if row else None
        if row is None or account is None or path.exists():
            return []
        rest, part = self._shared.rest(account), path.with_suffix(".part")
        try:
            if rest.recording(row.sid).status not in ("completed", "absent", "failed"):
                rest.complete(row.call_sid)  # nobody of ours is in that call any more
                raise RecordingPending
            fetch(rest, row.sid, part)
        except ProviderError as error:
            if error.gone:
                return []
            raise RecordingPending from error
        finish_wav(part, ())
        os.replace(part, path)
        self._shared.book.fetched(row.recording_id, path.stat().st_size, checksums.of_file(path))
        return []
