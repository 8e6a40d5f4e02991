"""The control channel: JSON lines over TCP on loopback, for tests and the demo to look on and to meddle.

Requests are `{"op": …}`; the reply is `{"ok": true, …}` or `{"ok": false, "error": id, "message": text}`:

* `calls`, `history`: `calls`, a list of records (see `record.CallRecord`); `stats`: `counters`
* `hangup`, `answer`: `id`
* `send_dtmf`: `id`, `digits`
* `hear`: `id`, `seconds` (up to 10), `frequencies`: `energies` maps each frequency to its share (0..1) of the energy
  that arrived within these seconds, `level` is their root mean square, `seconds` how much audio arrived
* `set`: `number`, `behaviour`; `set_phone`: `phone` (as in the configuration; its port cannot change)
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hookline.errors import HooklineError, InvalidInput

from .audio import RATE, energy_share, level
from .config import load_behaviour, load_phone
from .errors import NoSuchCall

if TYPE_CHECKING:
    from .call import Call
    from .network import FarEnd

Reply = dict[str, Any]
LINE_LIMIT = 1 << 20


class ControlServer:
    """Serves any number of clients."""

    def __init__(self, far_end: FarEnd) -> None:
        self._far_end = far_end
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._ops: dict[str, Callable[[Reply], Reply]] = {
            "calls": self._calls,
            "history": self._history,
            "stats": self._stats,
            "hangup": self._hangup,
            "answer": self._answer,
            "send_dtmf": self._send_dtmf,
            "hear": self._hear,
            "set": self._set,
            "set_phone": self._set_phone,
        }

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=LINE_LIMIT)
        chosen: int = self._server.sockets[0].getsockname()[1]
        return chosen

    async def stop(self) -> None:
        """Close the channel and every client's connection."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self.reply_to(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # the client has gone, or sent a line without end
        finally:
            self._writers.discard(writer)
            writer.close()

    def reply_to(self, line: bytes) -> Reply:
        """Carry out one request; mistakes in it come back as an error reply."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict) or request.get("op") not in self._ops:
                raise InvalidInput("There is no such operation.", f"Use one of {', '.join(self._ops)}.")
            return {"ok": True, **self._ops[request["op"]](request)}
        except HooklineError as error:
            return {"ok": False, "error": error.id, "message": str(error)}
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            return {"ok": False, "error": "invalid-input", "message": f"The request cannot be read: {error!r}."}

    def _call(self, request: Reply) -> Call:
        call = self._far_end.calls.get(request["id"])
        if call is None:
            raise NoSuchCall(f"There is no call {request['id']} now.", "It may have ended: see `history`.")
        return call

    def _calls(self, request: Reply) -> Reply:
        return {"calls": [call.snapshot().as_dict() for call in self._far_end.calls.values()]}

    def _history(self, request: Reply) -> Reply:
        return {"calls": [record.as_dict() for record in self._far_end.journal.ended]}

    def _stats(self, request: Reply) -> Reply:
        return {"counters": self._far_end.journal.counters}

    def _hangup(self, request: Reply) -> Reply:
        self._call(request).hang_up("control")
        return {}

    def _answer(self, request: Reply) -> Reply:
        self._call(request).ask_to_answer()
        return {}

    def _send_dtmf(self, request: Reply) -> Reply:
        self._call(request).send_digits(str(request["digits"]))
        return {}

    def _hear(self, request: Reply) -> Reply:
        samples = self._call(request).rtp.heard(min(float(request.get("seconds", 1.0)), 10.0))
        energies = {str(item): energy_share(samples, float(item)) for item in request.get("frequencies", [])}
        return {"energies": energies, "level": level(samples), "seconds": len(samples) / RATE}

    def _set(self, request: Reply) -> Reply:
        self._far_end.numbers.set(str(request["number"]), load_behaviour(request["behaviour"]))
        return {}

    def _set_phone(self, request: Reply) -> Reply:
        self._far_end.phones.set(load_phone(request["phone"]))
        return {}
