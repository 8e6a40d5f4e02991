"""Speaking with a far end's control channel from Python (blocking)."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Self, TypeVar

from .errors import FarEndFailed

Record = dict[str, Any]
T = TypeVar("T")


class FarEndControl:
    """One connection to the control channel; may be shared by threads."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection((host, port), timeout=10)
        self._stream = self._socket.makefile("rwb")
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the far end goes on."""
        self._stream.close()
        self._socket.close()

    def request(self, op: str, **arguments: Any) -> Record:
        """Send one request and return its reply.

        Raises:
            FarEndFailed: the far end refused it (the message says why) or is gone.
        """
        with self._lock:
            try:
                self._stream.write(json.dumps({"op": op, **arguments}).encode() + b"\n")
                self._stream.flush()
                line = self._stream.readline()
            except OSError as error:
                raise FarEndFailed(f"The far end's control channel broke: {error}.") from error
        if not line:
            raise FarEndFailed("The far end has closed its control channel.")
        reply: Record = json.loads(line)
        if not reply["ok"]:
            raise FarEndFailed(reply["message"])
        return reply

    def calls(self) -> list[Record]:
        """The calls that are going on, oldest first."""
        found: list[Record] = self.request("calls")["calls"]
        return found

    def history(self) -> list[Record]:
        """The calls that have ended, oldest first."""
        found: list[Record] = self.request("history")["calls"]
        return found

    def stats(self) -> dict[str, int]:
        """Counters: requests, repeated, malformed, errors."""
        counters: dict[str, int] = self.request("stats")["counters"]
        return counters

    def hang_up(self, call_id: str) -> None:
        """Hang up: BYE, or 480 where the call is not answered yet."""
        self.request("hangup", id=call_id)

    def answer(self, call_id: str) -> None:
        """Answer a ringing call now."""
        self.request("answer", id=call_id)

    def send_dtmf(self, call_id: str, digits: str) -> None:
        """Send digits to the caller."""
        self.request("send_dtmf", id=call_id, digits=digits)

    def hear(self, call_id: str, frequencies: Iterable[float] = (), seconds: float = 1.0) -> Record:
        """What the call heard lately: `energies` (keyed by the frequency as text), `level`, `seconds`."""
        return self.request("hear", id=call_id, seconds=seconds, frequencies=list(frequencies))

    def set(self, number: str, behaviour: dict[str, Any]) -> None:
        """Change what a number does from its next call on."""
        self.request("set", number=number, behaviour=behaviour)

    def set_phone(self, phone: dict[str, Any]) -> None:
        """Change what a phone does from its next call on; `phone` is as in the configuration."""
        self.request("set_phone", phone=phone)

    def wait_until(self, look: Callable[[], T], timeout_seconds: float = 10.0) -> T:
        """Call `look` again and again until it returns something truthy, and return that.

        Raises:
            FarEndFailed: it did not within the time; the message tells the calls there were.
        """
        deadline = time.monotonic() + timeout_seconds
        while not (found := look()):
            if time.monotonic() > deadline:
                raise FarEndFailed(f"Not within {timeout_seconds} s. Now: {self.calls()}. Ended: {self.history()}.")
            time.sleep(0.03)
        return found

    def wait_for_call(
        self, *states: str, to: str = "", phone: str = "", call_id: str = "", timeout_seconds: float = 10.0
    ) -> Record:
        """Wait for a call that is in one of the states, newest first; without states for any call.

        `to` is the called number as dialled, with or without "+". The state `ended` looks into the history too.
        """
        wanted = to.lstrip("+")

        def look() -> Record | None:
            found = self.calls() + (self.history() if "ended" in states else [])
            fits = [
                call
                for call in found
                if (not states or call["state"] in states)
                and (not wanted or call["to"].lstrip("+") == wanted)
                and (not phone or call["phone"] == phone)
                and (not call_id or call["id"] == call_id)
            ]
            return max(fits, key=lambda call: str(call["started_at"])) if fits else None

        result = self.wait_until(look, timeout_seconds)
        assert result is not None
        return result
