"""A small call centre for tests: the real services, a simulated telephone network, a clock turned by hand.

centre = Centre(tmp_path)
anna = centre.agent("anna")
campaign = centre.campaign(["+48221234567"], agents=[anna])
centre.start_work(anna)
centre.runtime.work.dial(centre.actor(anna))
centre.advance(3)                                   # rings, answers, is bridged
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from sqlalchemy import select

from hookline.bootstrap import Runtime
from hookline.db.models import (
    AgentSession,
    Call,
    CampaignContact,
    Client,
    Contact,
    ContactList,
    ContactNumber,
    ListContact,
    Station,
    User,
)
from hookline.domain.access import Actor, Grant, Role
from hookline.domain.campaigns import Purpose
from hookline.domain.dialling import DialRequest
from hookline.hookspecs import hookimpl
from hookline.jobs import JobRun
from hookline.plugin_host.host import PluginHost
from hookline.ports.telephony import TelephonyBackend
from hookline.services.campaigns import CampaignDraft
from hookline.settings import Settings
from hookline.testing.clock import VirtualClock
from hookline.testing.databases import lay_sqlite
from hookline.testing.hook_calls import HookCalls, RecordingHost
from hookline.testing.simulated import SimulatedBackend

#: HOOKLINE_<PLUGIN>__<SETTING>
_OF_A_PLUGIN = re.compile(r"HOOKLINE_[A-Z0-9_]+__")
PASSWORD = "correct horse battery"  # noqa: S105 (a test kit's)


def _all_but(chosen: Iterable[str] | None) -> list[str]:
    """Names of the installed plugins that were not chosen; none where nobody chose."""
    return [] if chosen is None else sorted(_installed() - set(chosen))


def _installed() -> set[str]:
    return {entry.name for entry in entry_points(group="hookline.plugins")}


class _SimulatedTelephony:
    """The plugin that brings the simulated backend."""

    def __init__(self, backend: SimulatedBackend) -> None:
        self._backend = backend

    @hookimpl
    def hookline_register_telephony_backends(self) -> list[TelephonyBackend]:
        """The one backend."""
        return [self._backend]

    @hookimpl
    def hookline_select_caller_id(self, request: DialRequest, backend: str) -> str | None:
        """The network's own number."""
        return self._backend.default_caller_id(request.client_id) if backend == self._backend.name else None


class Centre:
    """One installation with a client "Acme"; what `start` would do on threads is done by `advance`.

    Every installed plugin is enabled, whoever it is by. `disabled` names some to leave out; SIP always is, so that
    nothing leaves the process. With `plugins`, these alone are enabled. `plugin_settings` are their tables of
    hookline.toml. `database_url` is a migrated database (see `hookline.testing.databases`); without it, an SQLite file
    is made in `folder`. With `record`, `hook_calls` tells what plugins were asked. `clock`: one that others turn, too.
    """

    def __init__(
        self,
        folder: Path,
        *,
        disabled: tuple[str, ...] = (),
        plugins: Iterable[str] | None = None,
        plugin_settings: Mapping[str, dict[str, Any]] | None = None,
        database_url: str = "",
        record: bool = False,
        clock: VirtualClock | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.network = SimulatedBackend(self.clock)
        self.network.caller_id = "+48221000000"
        settings = Settings(
            data_dir=folder,
            database_url=database_url or lay_sqlite(folder / "hookline.db"),
            disabled_plugins=("telephony_sip", *disabled, *_all_but(plugins)),
            enabled_plugins=tuple(sorted(_installed())),
            plugins=plugin_settings or {},
            # As on the wall, a plugin's secrets come from the environment; what is core's own stays out.
            environment={name: value for name, value in os.environ.items() if _OF_A_PLUGIN.match(name)},
        )
        host = RecordingHost(settings.disabled_plugins) if record else PluginHost(settings.disabled_plugins)
        self.hook_calls = host.hook_calls if isinstance(host, RecordingHost) else HookCalls()
        self.runtime = Runtime(settings, self.clock, host)
        self.runtime.host.register("simulated_telephony", _SimulatedTelephony(self.network))
        self.network.start(self.runtime.engine.sink)
        self._watch_commits()
        self.client_id = self.client("Acme")

    def _watch_commits(self) -> None:
        """Have `_stored` set where something was committed that is to be published."""
        self._stored = threading.Event()
        self.runtime.db.on_events(self._stored.set)

    def close(self) -> None:
        """Let go of files and threads."""
        self.runtime.close()

    # Building

    def client(self, name: str) -> int:
        """Add a client; returns its id."""
        return self._add(Client(name=name, created_at=self.clock.now()))

    def user(self, login: str, role: Role, clients: list[int] | None = None) -> int:
        """Add a user with the password PASSWORD; returns the id."""
        return self.runtime.identity.add_user(login, login.title(), PASSWORD, role, clients=clients)

    def agent(self, login: str) -> int:
        """Add an agent with a station of his own; returns the user's id."""
        user_id = self.user(login, Role.AGENT)
        self._add(Station(name=login, address=f"sip:{login}@simulated.invalid", user_id=user_id))
        return user_id

    def somebody(self, role: Role) -> int:
        """The id of the user "agent", "supervisor" (of Acme) or "administrator", added when first asked for."""
        with self.runtime.db.read() as session:
            found = session.scalar(select(User.id).where(User.login == role.value))
        if found is not None:
            return found
        if role is Role.AGENT:
            return self.agent(role.value)
        return self.user(role.value, role, [self.client_id] if role is Role.SUPERVISOR else None)

    def login_of(self, user_id: int) -> str:
        """The user's login."""
        return self.runtime.identity.get_user(user_id).login

    def contact(self, number: str, *, client_id: int | None = None, **fields: Any) -> int:
        """Add a contact with one number; returns its id."""
        client, now = client_id or self.client_id, self.clock.now()
        contact = Contact(
            **{
                "client_id": client,
                "first_name": "Jan",
                "last_name": "Testowy",
                "time_zone": "Europe/Warsaw",
                "created_at": now,
                "updated_at": now,
                **fields,
            }
        )
        contact.numbers = [ContactNumber(client_id=client, e164=number)]
        return self._add(contact)

    def contact_list(self, contact_ids: list[int], name: str = "list", client_id: int | None = None) -> int:
        """Add a list of contacts; returns its id."""
        list_id = self._add(
            ContactList(client_id=client_id or self.client_id, name=name, country="PL", created_at=self.clock.now())
        )
        with self.runtime.db.write() as unit:
            unit.session.add_all(ListContact(list_id=list_id, contact_id=c) for c in contact_ids)
        return list_id

    def campaign(
        self, numbers: list[str], *, agents: list[int], running: bool = True, grant: Grant | None = None, **draft: Any
    ) -> int:
        """Add a service campaign over fresh contacts with these numbers, started unless told otherwise; its id."""
        client = int(draft.pop("client_id", self.client_id))
        name = str(draft.pop("name", "Spring"))
        contacts = [self.contact(n, client_id=client) for n in numbers]
        wanted = CampaignDraft(
            client_id=client,
            name=name,
            purpose=Purpose(draft.pop("purpose", Purpose.SERVICE)),
            backend=str(draft.pop("backend", "simulated")),
            list_ids=[self.contact_list(contacts, f"{name} list", client)],
            agents={a: grant or Grant() for a in agents},
            **draft,
        )
        campaign_id = self.runtime.campaigns.create(self.operator, wanted)
        if running:
            self.runtime.campaigns.start(self.operator, campaign_id)
        return campaign_id

    def _add(self, row: Any) -> int:
        with self.runtime.db.write() as unit:
            unit.session.add(row)
            unit.session.flush()
            return int(row.id)

    # Acting

    @property
    def operator(self) -> Actor:
        """Somebody who may do everything."""
        return self.runtime.identity.system_actor()

    def actor(self, user_id: int) -> Actor:
        """The user as an actor, permissions and grants read afresh."""
        return self.runtime.identity.actor(self.runtime.identity.get_user(user_id))

    def start_work(self, user_id: int, campaign_id: int | None = None) -> None:
        """Let the agent take his station, and wait until it is connected and he is ready (or has a contact)."""
        actor = self.actor(user_id)
        station = self.runtime.agents.stations_for(actor)[0]
        self.runtime.agents.start_work(actor, station.id, campaign_id)
        self.advance(3)

    def talk(self, user_id: int, code: str = "", note: str = "", seconds: float = 30) -> Call:
        """Let the agent dial whom he is shown, speak, hang up and (with `code`) record the disposition; the call.

        The contact's number must answer, as it does unless told otherwise (`centre.network.behaves`).
        """
        self.runtime.work.dial(self.actor(user_id))
        self.advance(3)
        self.advance(seconds, step=max(1.0, seconds / 10))
        self.runtime.calls.hang_up(self.actor(user_id))
        self.advance(1)
        if code:
            self.runtime.work.dispose(self.actor(user_id), code, note)
            self.settle()
        return self.calls()[-1]

    def call_with(self, number: str, code: str = "SUCCESS", **draft: Any) -> Call:
        """A whole call with a fresh contact of Acme, in a campaign and with an agent of its own; the call.

        `draft` is what else the campaign is to be (`hookline.services.campaigns.CampaignDraft`).
        """
        agent = self.agent(f"agent-{number}")
        self.campaign([number], agents=[agent], name=f"Campaign {number}", **draft)
        self.start_work(agent)
        call = self.talk(agent, code, seconds=5)
        self.runtime.agents.log_out(agent)
        self.settle()
        return call

    def run_job(self, name: str) -> str:
        """Run a background job ("<plugin>.<job>") now and publish what it stored; its result. Raises what it raises."""
        result = self.runtime.scheduler.jobs[name].run(JobRun())
        self.settle()
        return result or ""

    def advance(self, seconds: float, step: float = 0.25) -> None:
        """Turn the clock; handle what the network brings at each step, publish what was stored."""
        left = seconds
        while left > 0:
            self.clock.advance(min(step, left))
            left -= step
            self._handle()
        self.runtime.bus.pump()

    def settle(self) -> None:
        """Handle and publish what has happened up to now."""
        self._handle()
        self.runtime.bus.pump()

    def _handle(self) -> None:
        """Handle what the network brought; publish where that stored anything."""
        self.clock.advance(0)
        while self.runtime.engine.drain():
            self.clock.advance(0)
        self.runtime.waiting.attend()
        if self._stored.is_set():
            self._stored.clear()
            self.runtime.bus.pump()

    # Looking

    def session(self, user_id: int) -> AgentSession:
        """The agent's working session."""
        with self.runtime.db.read() as session:
            return session.get_one(AgentSession, user_id)

    def record(self, campaign_id: int, number: str) -> CampaignContact:
        """The campaign contact with this number."""
        with self.runtime.db.read() as session:
            return session.scalars(
                select(CampaignContact)
                .join(ContactNumber, ContactNumber.contact_id == CampaignContact.contact_id)
                .where(CampaignContact.campaign_id == campaign_id, ContactNumber.e164 == number)
            ).one()

    def calls(self) -> list[Call]:
        """Every call, oldest first."""
        with self.runtime.db.read() as session:
            return list(session.scalars(select(Call).order_by(Call.id)))
