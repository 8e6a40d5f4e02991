"""What every message between parent and cell is: one JSON object a line, plain data only."""

from __future__ import annotations

import json
from dataclasses import asdict


class Message:
    """Base of every message."""

    def encode(self) -> bytes:
        """The message as one line."""
        body = {"is": type(self).__name__, **asdict(self)}  # type: ignore[call-overload]
        return json.dumps(body, separators=(",", ":")).encode() + b"\n"
