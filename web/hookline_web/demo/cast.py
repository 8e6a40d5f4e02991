"""Who is in the demo."""

from __future__ import annotations

from dataclasses import dataclass

from hookline.domain.access import Grant, Role
from hookline.services.clients import ClientDraft


@dataclass(frozen=True)
class Person:
    """A user of the demo. Passwords are known to everybody: the demo listens on this machine only."""

    login: str
    name: str
    role: Role
    note: str

    @property
    def password(self) -> str:
        """The password that the console prints."""
        return f"hookline-{self.login}"


PEOPLE = (
    Person("admin", "Alicja Administratorka", Role.ADMINISTRATOR, "everything: campaigns, imports, trunks, users"),
    Person("ewa", "Ewa Kierowniczka", Role.SUPERVISOR, "watches both clients' campaigns"),
    Person("anna", "Anna Nowicka", Role.AGENT, "photovoltaics and after-installation calls"),
    Person("piotr", "Piotr Maj", Role.AGENT, "photovoltaics; does not see whole numbers"),
    Person("marta", "Marta Lis", Role.AGENT, "policy renewals, progressive: the dialler dials"),
)
AGENTS = tuple(person.login for person in PEOPLE if person.role is Role.AGENT)

ENERGY = ClientDraft(
    name="Zielona Energia Demo",
    legal_name="Zielona Energia Demo sp. z o.o.",
    address="ul. Zmyślona 1, 00-000 Warszawa",
    privacy_contact="iod@zielona-energia.example",
)
INSURANCE = ClientDraft(
    name="Fikcja Ubezpieczenia",
    legal_name="Fikcja Ubezpieczenia S.A.",
    address="al. Nieistniejąca 7, 00-000 Kraków",
    privacy_contact="iod@fikcja.example",
)

TRUSTED = Grant(dial_by_hand=True, edit_contacts=True, hear_own_recordings=True, see_numbers=True)
BLIND = Grant(hear_own_recordings=True, see_numbers=False)
