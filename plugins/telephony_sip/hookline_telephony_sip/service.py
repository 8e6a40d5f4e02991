"""Trunks: kept for administrators, handed to the backend, and asked for the default caller ID."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from hookline.db.database import Database
from hookline.db.models import Client
from hookline.domain.access import Actor
from hookline.errors import InvalidInput, NotFound
from hookline.text import N_
from hookline_telephony_sip.codecs import DEFAULT_CODECS, Codec
from hookline_telephony_sip.dtmf import DtmfMethod
from hookline_telephony_sip.models import TrunkCheck, TrunkRecord
from hookline_telephony_sip.permissions import MANAGE
from hookline_telephony_sip.reach import FRESH
from hookline_telephony_sip.trunk import NumberFormat, Transport, Trunk


class Standing(StrEnum):
    """Whether a trunk can be used."""

    READY = "ready"
    INACTIVE = "inactive"
    NO_PASSWORD = "no_password"  # noqa: S105 - the variable that is to carry it is not set
    NO_FRONT = "no_front"  # TCP or TLS, and no SIP proxy that speaks it


@dataclass(frozen=True, kw_only=True)
class TrunkDraft:
    """Everything an administrator says of a trunk, as TrunkSchema checks it."""

    name: str
    host: str
    port: int = 5060
    transport: str = Transport.UDP.value
    client_id: int | None = None
    username: str = ""
    password_variable: str = ""
    caller_id: str = ""
    number_format: str = NumberFormat.E164.value
    dial_prefix: str = ""
    codecs: str = ",".join(DEFAULT_CODECS)
    dtmf: str = DtmfMethod.RFC4733.value
    max_channels: int = 0
    inbound: bool = False
    registers: bool = False
    priority: int = 0


@dataclass(frozen=True)
class TrunkView:
    """A trunk as pages and commands show it. `password` says whether there is one, never which."""

    record: TrunkRecord
    client: str
    standing: Standing
    has_password: bool

    @property
    def password(self) -> bool | None:
        """Whether the password is set; None where none is needed."""
        return None if not self.record.username else self.has_password


class TrunkService:
    """Keeps the trunks. `environ` carries their passwords, read afresh at each use. `front`: a SIP proxy is there."""

    def __init__(self, db: Database, environ: Mapping[str, str] | None = None, *, front: bool = False) -> None:
        self._db = db
        self._front = front
        self._environ = os.environ if environ is None else environ

    # For the backend

    def trunks_for(self, client_id: int | None) -> list[Trunk]:
        """What the client's calls may use, best first: by priority, the client's own before those of everybody.

        A trunk that must log in but has no password is left out: every call over it would be refused. None: nobody
        in particular, so only trunks of everybody.
        """
        query = select(TrunkRecord).where(
            TrunkRecord.active, or_(TrunkRecord.client_id.is_(None), TrunkRecord.client_id == client_id)
        )
        query = query.order_by(TrunkRecord.priority.desc(), TrunkRecord.client_id.is_(None), TrunkRecord.id)
        with self._db.read() as session:
            records = list(session.scalars(query))
            states = {check.trunk_id: check.problem for check in session.scalars(self._silent_since())}
        return [self._usable(record, states) for record in records if self._standing(record) is Standing.READY]

    def _silent_since(self) -> Select[TrunkCheck]:
        """Of trunks that did not answer when they were asked, lately enough to count."""
        recently = self._db.clock.now() - FRESH
        return select(TrunkCheck).where(TrunkCheck.answers.is_(False), TrunkCheck.checked_at >= recently)

    def inbound_trunks(self) -> list[Trunk]:
        """By which calls may come in: every client's."""
        return [trunk for trunk in self.active_trunks() if trunk.inbound]

    def active_trunks(self) -> list[Trunk]:
        """All that are in use, every client's: for the proxy in front."""
        query = select(TrunkRecord).where(TrunkRecord.active).order_by(TrunkRecord.id)
        with self._db.read() as session:
            return [self._usable(record) for record in session.scalars(query)]

    def speak_wideband(self) -> bool:
        """Whether a trunk in use speaks G.722."""
        query = select(TrunkRecord.id).where(TrunkRecord.active, TrunkRecord.codecs.contains(Codec.G722.value))
        with self._db.read() as session:
            return session.scalar(query.limit(1)) is not None

    def default_caller_id(self, client_id: int) -> str | None:
        """The caller ID of the trunk that the client's next call would use."""
        trunks = self.trunks_for(client_id)
        return trunks[0].caller_id or None if trunks else None

    # For people

    def list_trunks(self, actor: Actor) -> list[TrunkView]:
        """Every trunk: active ones first, in the order in which they are used."""
        actor.require(MANAGE)
        query = select(TrunkRecord).options(selectinload(TrunkRecord.client))
        query = query.order_by(TrunkRecord.active.desc(), TrunkRecord.priority.desc(), func.lower(TrunkRecord.name))
        with self._db.read() as session:
            return [self._view(record) for record in session.scalars(query)]

    def get_trunk(self, actor: Actor, trunk_id: int) -> TrunkView:
        """The trunk; raises NotFound."""
        actor.require(MANAGE)
        with self._db.read() as session:
            return self._view(_find(session, trunk_id))

    def named(self, actor: Actor, name: str) -> TrunkView:
        """The trunk of this name, in capital or small letters; raises NotFound."""
        for view in self.list_trunks(actor):
            if view.record.name.lower() == name.strip().lower():
                return view
        raise NotFound(N_("There is no trunk of this name."), N_("`hookline sip trunks list` shows all of them."))

    def usable(self, actor: Actor, trunk_id: int) -> Trunk:
        """The trunk as the backend would use it, active or not: for a test call. Raises NotFound."""
        return self._usable(self.get_trunk(actor, trunk_id).record)

    def add_trunk(self, actor: Actor, draft: TrunkDraft) -> int:
        """Add a trunk; returns the id. Raises InvalidInput for a taken name or an unknown client."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            _check(unit.session, draft, None)
            record = TrunkRecord(**asdict(draft), created_at=unit.clock.now())
            unit.session.add(record)
            unit.session.flush()
            return record.id

    def change_trunk(self, actor: Actor, trunk_id: int, draft: TrunkDraft) -> None:
        """Change a trunk; calls that are up go on as they began. Raises as `add_trunk`, and NotFound."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            record = _find(unit.session, trunk_id)
            _check(unit.session, draft, trunk_id)
            for name, value in asdict(draft).items():
                setattr(record, name, value)

    def set_trunk_active(self, actor: Actor, trunk_id: int, active: bool) -> None:
        """Take a trunk out of use (calls that are up go on) or bring it back. Raises NotFound."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            _find(unit.session, trunk_id).active = active

    def clients(self, actor: Actor) -> list[tuple[int, str]]:
        """Active clients, by name, for choosing one."""
        actor.require(MANAGE)
        with self._db.read() as session:
            rows = session.execute(
                select(Client.id, Client.name).where(Client.active).order_by(func.lower(Client.name))
            )
            return [(client_id, name) for client_id, name in rows]

    def _view(self, record: TrunkRecord) -> TrunkView:
        client = record.client.name if record.client else ""
        return TrunkView(record, client, self._standing(record), bool(self._password(record)))

    def _standing(self, record: TrunkRecord) -> Standing:
        if not record.active:
            return Standing.INACTIVE
        if record.transport != Transport.UDP and not self._front:
            return Standing.NO_FRONT
        return Standing.NO_PASSWORD if record.username and not self._password(record) else Standing.READY

    def _password(self, record: TrunkRecord) -> str:
        return self._environ.get(record.password_variable, "") if record.password_variable else ""

    def _usable(self, record: TrunkRecord, silent: Mapping[int, str] = MappingProxyType({})) -> Trunk:
        return Trunk(
            id=record.id,
            name=record.name,
            host=record.host,
            port=record.port,
            transport=Transport(record.transport),
            username=record.username,
            password=self._password(record),
            caller_id=record.caller_id,
            number_format=NumberFormat(record.number_format),
            dial_prefix=record.dial_prefix,
            codecs=tuple(Codec(name) for name in record.codecs.split(",")),
            dtmf=DtmfMethod(record.dtmf),
            max_channels=record.max_channels,
            down=record.id in silent,
            distrusted=silent.get(record.id) == "certificate",
            inbound=record.inbound,
            registers=record.registers,
            client_id=record.client_id,
        )


def _find(session: Session, trunk_id: int) -> TrunkRecord:
    record = session.get(TrunkRecord, trunk_id, options=[selectinload(TrunkRecord.client)])
    if record is None:
        raise NotFound(N_("There is no such trunk."), N_("Pick one from the list of trunks."))
    return record


def _check(session: Session, draft: TrunkDraft, own_id: int | None) -> None:
    taken = select(TrunkRecord.id).where(
        func.lower(TrunkRecord.name) == draft.name.lower(), TrunkRecord.id != (own_id or 0)
    )
    if session.scalar(taken) is not None:
        text = N_("Another trunk has this name.")
        raise InvalidInput(text, N_("Choose another."), {"name": [text]})
    if draft.client_id is not None and session.get(Client, draft.client_id) is None:
        text = N_("There is no such client.")
        raise InvalidInput(text, N_("Choose from the list."), {"client_id": [text]})
