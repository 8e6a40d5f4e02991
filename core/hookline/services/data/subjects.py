"""Finds the person that somebody asks about: by number, e-mail address, name or identifier."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from hookline.data_holders import Subject
from hookline.db.database import Database
from hookline.db.models import Client, Contact, ContactNumber, User
from hookline.domain.access import Scope
from hookline.errors import InvalidInput
from hookline.services.phones import InvalidPhone, normalise
from hookline.text import N_


@dataclass(frozen=True)
class SubjectQuery:
    """What is known of the person. Of several, each must fit; `phone` is written with its prefix."""

    phone: str = ""
    email: str = ""
    name: str = ""
    external_id: str = ""
    contact_id: int | None = None
    login: str = ""


@dataclass(frozen=True)
class Match:
    """A contact that fits, as whoever asked must look at it before he goes on."""

    contact_id: int
    client_id: int
    client_name: str
    name: str
    numbers: tuple[str, ...]


class SubjectFinder:
    """Looks within a scope only."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def matches(self, scope: Scope, query: SubjectQuery) -> list[Match]:
        """The contacts that fit, of every client in the scope. Raises InvalidInput where nothing is asked for."""
        with self._db.read() as session:
            contacts = _contacts(session, scope, _normal(query))
            clients = {row.id: row.name for row in session.scalars(select(Client))}
            return [
                Match(c.id, c.client_id, clients[c.client_id], c.name, tuple(n.e164 for n in c.numbers))
                for c in contacts
            ]

    def subject(self, scope: Scope, query: SubjectQuery) -> Subject:
        """The person, with all that her contacts say she is known by. Raises InvalidInput where nothing is asked for.

        A number or address that is no contact's is part of it all the same: holders may know it otherwise.
        """
        asked = _normal(query)
        with self._db.read() as session:
            contacts = _contacts(session, scope, asked) if _asks_for_contacts(asked) else []
            users = _users(session, asked) if scope.clients is None else []
        numbers = {n.e164 for c in contacts for n in c.numbers} | ({asked.phone} if asked.phone else set())
        emails = {c.email.lower() for c in contacts if c.email} | ({asked.email} if asked.email else set())
        emails |= {user.email.lower() for user in users if user.email}
        return Subject(
            frozenset(c.id for c in contacts),
            frozenset(numbers),
            frozenset(emails),
            frozenset(u.id for u in users),
            scope.clients,
        )


def _normal(query: SubjectQuery) -> SubjectQuery:
    phone = query.phone.strip()
    if phone:
        try:
            phone = normalise(phone, "ZZ").e164
        except InvalidPhone:
            # What was stored under older rules must be found too: as it is written, without spaces.
            phone = "".join(c for c in phone if c.isdigit() or c == "+")
    found = SubjectQuery(
        phone, query.email.strip().lower(), query.name.strip(), query.external_id.strip(), query.contact_id,
        query.login.strip().lower(),
    )  # fmt: skip
    if found == SubjectQuery():
        raise InvalidInput(
            N_("Say whom it is about."),
            N_("Give a number, an e-mail address, a name, an identifier or a log-in."),
        )
    return found


def _asks_for_contacts(query: SubjectQuery) -> bool:
    return query != SubjectQuery(login=query.login)


def _contacts(session: Session, scope: Scope, query: SubjectQuery) -> list[Contact]:
    asked = select(Contact).order_by(Contact.client_id, Contact.id)
    if scope.clients is not None:
        asked = asked.where(Contact.client_id.in_(scope.clients))
    if query.phone:
        asked = asked.where(Contact.numbers.any(ContactNumber.e164 == query.phone))
    if query.email:
        asked = asked.where(func.lower(Contact.email) == query.email)
    if query.external_id:
        asked = asked.where(Contact.external_id == query.external_id)
    if query.contact_id is not None:
        asked = asked.where(Contact.id == query.contact_id)
    if query.name:
        whole = func.lower(Contact.first_name + " " + Contact.last_name)
        name = query.name.lower()
        asked = asked.where(
            or_(whole == name, func.lower(Contact.last_name) == name, func.lower(Contact.company) == name)
        )
    found = list(session.scalars(asked))
    for contact in found:
        _ = contact.numbers  # loaded while the session is open
    return found


def _users(session: Session, query: SubjectQuery) -> list[User]:
    if query.login:
        return list(session.scalars(select(User).where(User.login == query.login)))
    if query.email:
        return list(session.scalars(select(User).where(func.lower(User.email) == query.email)))
    return []
