"""Asks other systems while the agent waits: a checked address, a hard end, and nothing that could break a call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from hookline.outbound_addresses import AddressBook, AllowList, Resolver
from hookline.services.webhooks.posting import Poster
from hookline_scripts.graph.conditions import Value
from hookline_scripts.graph.model import Lookup
from hookline_scripts.graph.stories import looked_up
from hookline_scripts.graph.values import as_text

log = structlog.get_logger(__name__)

_KEPT_CHARACTERS = 20_000
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Hookline"}


class Lookups:
    """Sends a look-up's query as JSON by POST and reads the JSON that comes back. `hosts`: the company's own."""

    def __init__(self, hosts: Iterable[str] = (), resolver: Resolver | None = None) -> None:
        self._book = AddressBook(AllowList(hosts), resolver)

    def ask(self, lookup: Lookup, fields: Mapping[str, Value]) -> Mapping[str, Value] | None:
        """The variables that it saves; None where no usable answer came in time."""
        asked = {name: as_text(wanted.value(fields)) for name, wanted in lookup.query.items()}
        poster = Poster(self._book, timeout_seconds=lookup.seconds, kept_characters=_KEPT_CHARACTERS)
        answer = poster.post(lookup.url, json.dumps(asked).encode(), _HEADERS)
        if answer.error:
            log.warning("a script's look-up was not answered", status=answer.status, error=answer.error)
            return None
        try:
            told = json.loads(answer.text)
        except ValueError:
            log.warning("a script's look-up was answered, but not in JSON", status=answer.status)
            return None
        return {name: looked_up(at_pointer(told, pointer)) for name, pointer in lookup.save.items()}


def at_pointer(told: Any, pointer: str) -> Any:
    """What a JSON pointer (RFC 6901) leads to; None where there is nothing."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(told, dict):
            told = told.get(key)
        elif isinstance(told, list) and key.isdigit() and int(key) < len(told):
            told = told[int(key)]
        else:
            return None
    return told
