"""Stations: the telephones agents work at, SIP phones by their URI and any phone by its number.

The third kind, the agent's own browser, needs no entry here: every agent has one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, pre_load, validate
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import AgentSession, Station, User
from hookline.domain.access import Actor
from hookline.domain.agents import AgentState
from hookline.errors import Conflict, InvalidInput, NotFound
from hookline.ports.telephony import StationKind
from hookline.services.phones import InvalidPhone, is_premium, normalise
from hookline.text import N_
from hookline.validation import line

_MANAGE = "stations.manage"

# The part of RFC 3261 that phones are named by, and no more: no password, no parameters, no headers. What is stored
# here becomes part of signalling.
_USER = r"\+?[A-Za-z0-9*#._-]{1,64}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_URI = re.compile(rf"(?:sips?:)?(?P<user>{_USER})@(?P<host>{_LABEL}(?:\.{_LABEL}){{0,8}})(?::(?P<port>[0-9]{{1,5}}))?")
_ADVICE = N_("Write it like sip:agent1@192.0.2.10:5060.")
_NUMBER_ADVICE = N_("Write the number with its country code, like +48 22 123 45 67.")


@dataclass(frozen=True)
class StationDraft:
    """What is said of a station. Without a user every agent may pick it."""

    name: str
    address: str
    user_id: int | None = None
    kind: StationKind = StationKind.SIP


class StationSchema(Schema):
    """A station as a form or a program sends it."""

    name = line(required=True, most=80)
    address = line(required=True, most=200)
    kind = fields.Enum(
        StationKind,
        by_value=True,
        load_default=StationKind.SIP,
        validate=validate.OneOf([StationKind.SIP, StationKind.NUMBER], error=N_("Choose from the list.")),
        error_messages={"unknown": N_("Choose from the list.")},
    )
    user_id = fields.Integer(
        load_default=None, allow_none=True, error_messages={"invalid": [N_("Choose from the list.")]}
    )

    @pre_load
    def _nobody(self, data: Any, **_kwargs: Any) -> Any:
        # A form sends "" for nobody.
        return {**data, "user_id": data.get("user_id") or None}


def address_of(kind: StationKind, text: str) -> str:
    """The address as a station of that kind keeps it. Raises InvalidInput."""
    return phone_number(text) if kind is StationKind.NUMBER else sip_address(text)


def phone_number(text: str) -> str:
    """The number of an agent's phone as E.164. Raises InvalidInput for what is none, short and premium numbers."""
    try:
        number = normalise(text, "").e164
    except InvalidPhone as error:
        raise _bad_address(error.message_id, _NUMBER_ADVICE) from error
    if is_premium(number):
        raise _bad_address(N_("This is a premium-rate number."), _NUMBER_ADVICE)
    return number


def sip_address(text: str) -> str:
    """The URI of a SIP phone in its full form, "sip:user@host[:port]".

    Raises InvalidInput for anything else: passwords, parameters and headers are not taken, and a host is a name or an
    IPv4 address.
    """
    match = _URI.fullmatch(text.strip())
    if match is None or text.strip().lower().startswith("sips:") or not _good_host(match["host"]):
        raise _bad_address(N_("This is not the SIP address of a phone."))
    if match["port"] is not None and not 0 < int(match["port"]) < 65536:
        raise _bad_address(N_("A port is a number from 1 to 65535."))
    port = f":{int(match['port'])}" if match["port"] else ""
    return f"sip:{match['user']}@{match['host'].lower()}{port}"


def _good_host(host: str) -> bool:
    if not re.fullmatch(r"[0-9.]+", host):
        return True
    parts = host.split(".")
    return len(parts) == 4 and all(len(part) < 4 and int(part) < 256 for part in parts)


def _bad_address(text: str, advice: str = _ADVICE) -> InvalidInput:
    return InvalidInput(text, advice, {"address": [text]})


class StationService:
    """Keeps the stations."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def list_stations(self, actor: Actor) -> list[tuple[Station, User | None]]:
        """Every station with its user, active ones first, by name."""
        actor.require(_MANAGE)
        query = (
            select(Station, User)
            .outerjoin(User, User.id == Station.user_id)
            .order_by(Station.active.desc(), func.lower(Station.name))
        )
        with self._db.read() as session:
            return [(station, user) for station, user in session.execute(query)]

    def get_station(self, actor: Actor, station_id: int) -> Station:
        """The station; raises NotFound."""
        actor.require(_MANAGE)
        with self._db.read() as session:
            return _find(session, station_id)

    def add_station(self, actor: Actor, draft: StationDraft) -> int:
        """Add a station; returns the id. Raises InvalidInput for a bad address, a taken name or an unknown user."""
        actor.require(_MANAGE)
        address = address_of(draft.kind, draft.address)
        with self._db.write() as unit:
            _check(unit.session, draft, None)
            station = Station(name=draft.name, kind=draft.kind.value, address=address, user_id=draft.user_id)
            unit.session.add(station)
            unit.session.flush()
            return station.id

    def change_station(self, actor: Actor, station_id: int, draft: StationDraft) -> None:
        """Change a station. Raises as `add_station`, NotFound, and Conflict while an agent works at it."""
        actor.require(_MANAGE)
        address = address_of(draft.kind, draft.address)
        with self._db.write() as unit:
            station = _held(unit, station_id)
            _check(unit.session, draft, station_id)
            if (station.kind, station.address) != (draft.kind, address):
                _refuse_while_used(unit.session, station)
            station.kind, station.address = draft.kind.value, address
            station.name, station.user_id = draft.name, draft.user_id

    def set_station_active(self, actor: Actor, station_id: int, active: bool) -> None:
        """Take a station out of use or bring it back. Raises Conflict while an agent works at it."""
        actor.require(_MANAGE)
        with self._db.write() as unit:
            station = _held(unit, station_id)
            if not active:
                _refuse_while_used(unit.session, station)
            station.active = active


def _find(session: Session, station_id: int) -> Station:
    station = session.get(Station, station_id)
    if station is None:
        raise NotFound(N_("There is no such station."), N_("Pick one from the list of stations."))
    return station


def _held(unit: UnitOfWork, station_id: int) -> Station:
    """The station, that no agent takes before the end of the block."""
    _find(unit.session, station_id)
    return unit.hold(Station, station_id)


def _check(session: Session, draft: StationDraft, own_id: int | None) -> None:
    named = select(Station.id).where(func.lower(Station.name) == draft.name.lower(), Station.id != (own_id or 0))
    if session.scalar(named) is not None:
        text = N_("Another station has this name.")
        raise InvalidInput(text, N_("Choose another."), {"name": [text]})
    if draft.user_id is not None and session.get(User, draft.user_id) is None:
        text = N_("There is no such user.")
        raise InvalidInput(text, N_("Choose from the list."), {"user_id": [text]})


def _refuse_while_used(session: Session, station: Station) -> None:
    used = select(User.display_name).join(AgentSession, AgentSession.user_id == User.id)
    used = used.where(AgentSession.station_id == station.id, AgentSession.state != AgentState.OFFLINE.value)
    name = session.scalar(used.limit(1))
    if name is not None:
        raise Conflict(
            N_("%(agent)s works at this station now."), N_("Wait until the shift is over."), params={"agent": name}
        )
