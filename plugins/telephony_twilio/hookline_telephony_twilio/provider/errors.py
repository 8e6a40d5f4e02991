"""How a request to Twilio fails."""

from __future__ import annotations


class ProviderError(Exception):
    """A request failed. `status` is HTTP's, 0 where there was no answer; `code` Twilio's own; `sent`: it may have
    arrived. `retry_after`: seconds for which Twilio asks for patience."""

    def __init__(self, status: int, code: int = 0, *, sent: bool = True, retry_after: float = 0.0) -> None:
        super().__init__(f"status {status}, code {code}")
        self.status, self.code, self.sent, self.retry_after = status, code, sent, retry_after

    @property
    def gone(self) -> bool:
        """What was asked about is not there."""
        return self.status == 404

    @property
    def over(self) -> bool:
        """The call is not in a state in which this could be done: mostly, it has ended."""
        return self.gone or self.code == 21220

    @property
    def unclear(self) -> bool:
        """The request may have been carried out although it failed."""
        return self.sent and (self.status == 0 or self.status >= 500)

    @property
    def passing(self) -> bool:
        """The same request may work a moment later."""
        return self.status in (0, 429) or self.status >= 500
