"""Fills a fresh demo, by the services and commands that everybody uses; nothing is written past them."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from pathlib import Path

from sqlalchemy import select

from hookline.bootstrap import Runtime
from hookline.db.models import Station, User
from hookline.domain.access import Actor, Grant, Role
from hookline.domain.campaigns import (
    DEFAULT_DISPOSITIONS,
    CallingWindow,
    Category,
    DayWindow,
    DialMode,
    DispositionSpec,
    Purpose,
)
from hookline.services.campaigns import CampaignDraft
from hookline.services.imports import NewList
from hookline.services.stations import StationDraft
from hookline_web.demo import commands, people
from hookline_web.demo.cast import AGENTS, BLIND, ENERGY, INSURANCE, PEOPLE, TRUSTED
from hookline_web.demo.errors import DemoIncomplete
from hookline_web.demo.numbers import CALLER_ID
from hookline_web.demo.people import ContactFile

BACKEND = "telephony_sip"
TRUNK = "Demo"
_DATA = Path(__file__).parent / "data"
#: Always open but for the last minute of the day: closing times are exclusive and have no 24:00.
_ALWAYS = CallingWindow({day: DayWindow(time(0), time(23, 59)) for day in range(7)})
_POLISH = {
    "SUCCESS": "Sukces",
    "REFUSED": "Nie jest zainteresowany",
    "CALLBACK": "Umówiono oddzwonienie",
    "LATER": "Zadzwonić później",
    "WRONG": "Zły numer",
    "DNC": "Nie dzwonić więcej",
}


class Seeding:
    """One seeding. `home` is the demo's folder, `network` the far end's host:port, `phones` its phones by agent."""

    def __init__(self, home: Path, runtime: Runtime, language: str, network: str, phones: dict[str, str]) -> None:
        self._home = home
        self._runtime = runtime
        self._language = language
        self._network = network
        self._phones = phones
        self._users: dict[str, int] = {}

    def run(self) -> None:
        """Make everything, campaigns started. Raises DemoIncomplete where a plugin is missing."""
        self._require_plugins()
        actor = self._actor
        energy, insurance = (self._runtime.clients.add_client(actor, draft) for draft in (ENERGY, INSURANCE))
        self._people([energy, insurance])
        set_trunk(self._home, self._network, new=True)
        folder = self._home / "files"
        folder.mkdir(exist_ok=True)
        photovoltaics = people.energy_customers(folder)
        lists = [
            self._import(energy, photovoltaics),
            self._import(energy, people.german_customers(folder)),
            self._import(insurance, people.policy_holders(folder)),
        ]
        self._plugin_data(people.consents(photovoltaics.path, folder))
        for draft in self._campaigns(energy, insurance, lists):
            self._runtime.campaigns.start(actor, self._runtime.campaigns.create(actor, draft))

    @property
    def _actor(self) -> Actor:
        return self._runtime.identity.system_actor()

    def _require_plugins(self) -> None:
        for name in (BACKEND, "gdpr", "scripts"):
            status = self._runtime.host.statuses.get(name)
            if status is None or not self._runtime.host.is_active(name):
                note = status.note if status else "It is not installed."
                raise DemoIncomplete(f"The demo needs the plugin {name}. {note}", "Run: pip install 'hookline[all]'")

    def _people(self, clients: list[int]) -> None:
        for person in PEOPLE:
            reach = clients if person.role is Role.SUPERVISOR else None
            add = self._runtime.identity.add_user
            self._users[person.login] = add(
                person.login, person.name, person.password, person.role, self._language, reach
            )
        for login in AGENTS:
            draft = StationDraft(station_name(login), self._phones[login], self._users[login])
            self._runtime.stations.add_station(self._actor, draft)

    def _import(self, client_id: int, file: ContactFile) -> int:
        imports, actor = self._runtime.imports, self._actor
        with file.path.open("rb") as stream:
            import_id = imports.upload(actor, stream, file.path.name, NewList(client_id, file.list_name, file.country))
        if file.pairs:
            imports.set_mapping_by_words(actor, import_id, file.pairs)
        imports.run(actor, import_id)
        return self._runtime.import_reports.get(actor, import_id).list_id

    def _plugin_data(self, consents: Path) -> None:
        for name, client in (("fotowoltaika", ENERGY), ("po-montazu", ENERGY), ("odnowienie", INSURANCE)):
            commands.run(self._home, "scripts", "import", str(_DATA / f"{name}.yaml"), "--client", client.name)
        commands.run(self._home, "gdpr", "consents", "import", str(consents), "--client", ENERGY.name)

    def _campaigns(self, energy: int, insurance: int, lists: list[int]) -> list[CampaignDraft]:
        common = CampaignDraft(0, "", Purpose.SERVICE, BACKEND, window=_ALWAYS, ring_timeout_seconds=20)
        return [
            replace(
                common,
                client_id=energy,
                name="Fotowoltaika",
                purpose=Purpose.MARKETING,
                goal=self._say("a visit of an adviser", "wizyta doradcy"),
                script=self._script(energy, "Fotowoltaika"),
                list_ids=[lists[0]],
                agents=self._agents(anna=TRUSTED, piotr=BLIND),
                dispositions=self._dispositions("Visit arranged", "Wizyta umówiona"),
            ),
            replace(
                common,
                client_id=energy,
                name="Nach der Montage",
                goal=self._say("are the customers content?", "czy klienci są zadowoleni?"),
                script=self._script(energy, "Po montażu"),
                list_ids=[lists[1]],
                agents=self._agents(anna=TRUSTED),
                dispositions=self._dispositions("Survey done", "Ankieta wypełniona"),
            ),
            replace(
                common,
                client_id=insurance,
                name="Odnowienia polis",
                dial_mode=DialMode.PROGRESSIVE.value,
                goal=self._say("nobody forgets the date", "nikt nie zapomni terminu"),
                script=self._script(insurance, "Odnowienie polisy"),
                list_ids=[lists[2]],
                agents=self._agents(marta=TRUSTED),
                dispositions=self._dispositions("Renews", "Odnawia"),
            ),
        ]

    def _say(self, english: str, polish: str) -> str:
        return polish if self._language == "pl" else english

    def _agents(self, **grants: Grant) -> dict[int, Grant]:
        return {self._users[login]: grant for login, grant in grants.items()}

    def _dispositions(self, english: str, polish: str) -> list[DispositionSpec]:
        translated = [
            replace(spec, label=self._say(spec.label, _POLISH.get(spec.code, spec.label)))
            for spec in DEFAULT_DISPOSITIONS
        ]
        good = self._say(english, polish)
        return [replace(spec, label=good) if spec.category is Category.SUCCESS else spec for spec in translated]

    def _script(self, client_id: int, title: str) -> str:
        for name, engine in self._runtime.host.script_engines().items():
            for script in engine.list_scripts(client_id):
                if script.title == title:
                    return f"{name}:{script.id}"
        raise DemoIncomplete(f"The script {title} was not taken in.", "Run the demo with --fresh.")


def station_name(login: str) -> str:
    """What an agent's station is called."""
    return f"Telefon {login}"


def set_trunk(home: Path, network: str, *, new: bool) -> None:
    """Lead the demo's trunk to the far end's `host:port`."""
    host, port = network.rsplit(":", 1)
    if new:
        commands.run(
            *(home, "sip", "trunks", "add", "--name", TRUNK, "--host", host, "--port", port),
            *("--caller-id", CALLER_ID),
        )
    else:
        commands.run(home, "sip", "trunks", "change", TRUNK, "--host", host, "--port", port)


def set_phones(runtime: Runtime, phones: dict[str, str]) -> None:
    """Lead the agents' stations to the far end's phones, which have other ports at each start.

    Not by the stations' service: it refuses where an agent works at one, and after Ctrl-C agents still do, on paper.
    Nothing runs now. A station that somebody has pointed at a softphone is left alone.
    """
    with runtime.db.write() as unit:
        rows = unit.session.execute(select(Station, User.login).join(User, User.id == Station.user_id))
        for station, login in rows:
            if station.name == station_name(login) and station.address.startswith(f"sip:{login}@127.0.0.1:"):
                station.address = phones.get(login, station.address)
