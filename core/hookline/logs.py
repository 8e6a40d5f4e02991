"""Logging, set up once for the whole process: structlog's loggers and the standard library's, one format, masked.

No personal data and no secret gets into a log. Authors keep them out; the masking here is the net below: it hides the
values of keys that speak of people or secrets, and numbers, e-mail addresses and SIP users wherever they stand.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

import structlog
from structlog.typing import EventDict, ExcInfo, Processor

from hookline.errors import HooklineError

MASK = "[masked]"
_DEEPEST = 6


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: A key is masked where one of its words, between underscores, is here.
_PERSONAL_WORDS = _words(
    "number numbers e164 phone phones telephone mobile msisdn caller callee email mail mails name names surname contact"
    " address city note notes login username answer answers custom birthday pesel"
)
_SECRET_WORDS = _words(
    "password passwords passwd pwd secret secrets token tokens authorization cookie cookies session csrf credential"
    " credentials signature apikey key"
)
#: The greatest whole number that is taken for an id or a count, not for a telephone number.
_GREATEST_ID = 9_999_999
#: Keys that sound personal or secret and are not: ids, counts and the log's own.
_HARMLESS = frozenset({"event", "level", "timestamp", "logger", "contact_id", "token_id", "cell_number", "row_number"})

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_SIP_USER = re.compile(r"\b(sips?|tel):(?:[^@\s;>\"']+@|\+?[\d().-]{3,})", re.IGNORECASE)
_E164 = re.compile(r"(?<![\w+])\+\d(?:[ ().\-]{0,2}\d){6,14}(?!\d)")
# Without the plus a number looks like any other: this long, it is no count, and no part of an id or a fraction.
_DIGITS = re.compile(r"(?<![\w.\-:/])\d{9,15}(?![\w.\-:])")


def configure(level: str = "info", form: str = "auto") -> None:
    """Set logging up for this process; safe to run again.

    `form`: json (one object a line), console (for people), auto (console on a terminal, else json). The environment
    variable HOOKLINE_LOG overrides it. Logs go to standard error.
    """
    form = os.environ.get("HOOKLINE_LOG", form)
    as_json = form == "json" or (form != "console" and not sys.stderr.isatty())
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared = _shared()
    ending: list[Processor] = [_exception_text, mask, _renderer(as_json)]
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        # The stream is looked up at each line: whoever replaced it (a test, a daemon) gets what comes later.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _configure_standard(threshold, shared, ending)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderer(as_json: bool) -> Processor:
    if as_json:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)


class _CurrentStderr(logging.StreamHandler[TextIO]):
    """Writes to what standard error is when a line comes."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        """Standard error."""
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        """Not kept."""


def _configure_standard(threshold: int, shared: list[Processor], ending: list[Processor]) -> None:
    """Libraries log by the standard library: bring that into the same form."""
    handler = _CurrentStderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if not isinstance(h, _CurrentStderr)] + [handler]
    root.setLevel(max(threshold, logging.WARNING))  # what libraries tell below that is of no use to an operator


# Masking


def mask(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Processor: hide what must not be in a log. `event` and `level` stay, but texts in them are masked too."""
    return _masked_mapping(event, 0)


def _masked_mapping(values: Mapping[Any, Any], depth: int) -> MutableMapping[str, Any]:
    return {str(key): MASK if _telling(str(key), value) else _masked(value, depth + 1) for key, value in values.items()}


def _telling(key: str, value: Any) -> bool:
    if key in _HARMLESS or value is None or isinstance(value, bool) or value == "":
        return False
    words = re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower())
    about = words[-1] in ("id", "ids", "count", "type")  # of the thing, not the thing
    if _SECRET_WORDS.intersection(words):
        return not about
    small = isinstance(value, int) and abs(value) <= _GREATEST_ID
    return bool(_PERSONAL_WORDS.intersection(words)) and not small and not about


def _masked(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return mask_text(value)
    if depth > _DEEPEST:
        return MASK
    if isinstance(value, Mapping):
        return _masked_mapping(value, depth)
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item, depth + 1) for item in value]
    if isinstance(value, BaseException):
        return _said_by(value)
    if isinstance(value, date | time | timedelta | UUID | Path):
        return mask_text(str(value))
    return f"<{type(value).__name__}>"  # its repr may hold anything


def mask_text(text: str) -> str:
    """The text without e-mail addresses, SIP users and telephone numbers."""
    text = _SIP_USER.sub(lambda found: f"{found[1]}:[user]{'@' if found[0].endswith('@') else ''}", text)
    text = _EMAIL.sub("[e-mail]", text)
    return _DIGITS.sub("[number]", _E164.sub("[number]", text))


# Exceptions


def _exception_text(_logger: Any, _method: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    found = _exception(info)
    if found is not None:
        event["exception"] = _told(found)
    return event


def _exception(info: bool | BaseException | ExcInfo | None) -> BaseException | None:
    if isinstance(info, BaseException):
        return info
    if isinstance(info, tuple):
        return info[1]
    return sys.exc_info()[1] if info else None


def _told(error: BaseException) -> str:
    """The traceback, causes first, without values of variables."""
    parts, seen = [], set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        parts.append("".join(traceback.format_tb(current.__traceback__)) + _said_by(current))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n-- led to --\n".join(reversed(parts))


def _said_by(error: BaseException) -> str:
    """Its kind, and what it says: for our own errors the message before anything was filled in."""
    text = error.message_id if isinstance(error, HooklineError) else str(error)
    return f"{type(error).__name__}: {mask_text(text)}" if text else type(error).__name__
