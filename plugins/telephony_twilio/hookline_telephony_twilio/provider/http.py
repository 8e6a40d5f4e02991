"""How requests reach Twilio, or what stands in for it."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

#: Twilio's library would log each request with its parameters: telephone numbers.
_SILENT = logging.getLogger("hookline_telephony_twilio.silent")
_SILENT.disabled = True


class BaseHttpClient(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's own client; with `base`, scheme and host of every request are replaced by it."""

    def __init__(self, base: str, timeout_seconds: float) -> None:
        super().__init__(timeout=timeout_seconds, logger=_SILENT)
        self._base = urlsplit(base) if base else None
        #: For how many seconds the last answer asked for patience.
        self.retry_after = 0.0
        #: What time Twilio said it was, in its last answer.
        self.dated = ""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Make the request."""
        self.retry_after = 0.0
        response = super().request(method, self.address(url), *args, **kwargs)
        self.dated = str((response.headers or {}).get("Date", ""))
        patience = str((response.headers or {}).get("Retry-After", ""))
        self.retry_after = min(float(patience), 30.0) if patience.isdigit() else 0.0
        return response

    def address(self, url: str) -> str:
        """Where a request for this address really goes."""
        if self._base is None:
            return url
        return urlunsplit(urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc))
