"""Users: log-in, roles, grants, and the actor on whose behalf everything is done."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.contributions import Permission
from hookline.db import locks
from hookline.db.database import Database
from hookline.db.models import Campaign, CampaignAgent, Client, User, UserClient
from hookline.domain.access import Actor, Grant, Role, Scope
from hookline.errors import Conflict, InvalidInput, NotFound
from hookline.services.passwords import hash_password, matches
from hookline.text import N_


class IdentityService:
    """Who people are and what they may do. `permissions` are core's and the active plugins' (by name)."""

    def __init__(self, db: Database, permissions: Mapping[str, Permission]) -> None:
        self._db = db
        self._permissions = permissions

    def check_password(self, login: str, password: str) -> User | None:
        """The active user with this login and password, else None; takes equally long either way."""
        with self._db.read() as session:
            user = session.scalar(select(User).where(User.login == login.strip().lower()))
        if not matches(password, user.password_hash if user else None) or user is None or not user.active:
            return None
        with self._db.write() as unit:
            fresh = unit.session.get_one(User, user.id)
            fresh.last_login_at = self._db.clock.now()
        return user

    def get_user(self, user_id: int) -> User:
        """The user; raises NotFound."""
        with self._db.read() as session:
            user = session.get(User, user_id)
        if user is None:
            raise NotFound(N_("There is no such user."))
        return user

    def list_users(self) -> list[User]:
        """Every user, active ones first, by name."""
        with self._db.read() as session:
            return list(session.scalars(select(User).order_by(User.active.desc(), User.display_name)))

    def actor(self, user: User) -> Actor:
        """The user as an actor: permissions by role, scope by campaigns (agents) or clients (supervisors)."""
        role = Role(user.role)
        names = frozenset(name for name, p in self._permissions.items() if role in p.roles)
        with self._db.read() as session:
            grants = _grants(session, user.id)
            scope = _scope(session, user.id, role, grants)
        return Actor(user.id, user.display_name, role, names, scope, grants)

    def system_actor(self) -> Actor:
        """The operator at the command line: everything, in nobody's name."""
        return Actor(None, "operator", Role.ADMINISTRATOR, frozenset(self._permissions), Scope.everything(), {})

    def add_user(
        self,
        login: str,
        display_name: str,
        password: str,
        role: Role,
        language: str = "en",
        clients: list[int] | None = None,
        email: str = "",
    ) -> int:
        """Add a user; returns the id. Raises InvalidInput for a taken login or a weak password."""
        login = login.strip().lower()
        hashed = hash_password(password)
        with self._db.write() as unit:
            if unit.session.scalar(select(User.id).where(User.login == login)):
                text = N_("This log-in name is taken.")
                raise InvalidInput(text, N_("Choose another."), {"login": [text]})
            _refuse_unknown_clients(unit.session, clients or [])
            user = User(
                login=login,
                display_name=display_name.strip(),
                password_hash=hashed,
                role=role.value,
                language=language,
                email=email or None,
                created_at=unit.clock.now(),
            )
            unit.session.add(user)
            unit.session.flush()
            unit.session.add_all(UserClient(user_id=user.id, client_id=c) for c in clients or ())
            return user.id

    def change_user(
        self,
        user_id: int,
        *,
        display_name: str,
        role: Role,
        language: str,
        clients: list[int] | None = None,
        email: str | None = None,
    ) -> None:
        """Change name, role, language, (supervisors) clients and, where given, the e-mail address ("" takes it away).

        Open sessions feel it at their next request.
        """
        with self._db.write() as unit:
            user = unit.session.get(User, user_id)
            if user is None:
                raise NotFound(N_("There is no such user."))
            if user.role == Role.ADMINISTRATOR and role is not Role.ADMINISTRATOR:
                _keep_one_administrator(unit.session, user_id)
            user.display_name, user.role, user.language = display_name.strip(), role.value, language
            if email is not None:
                user.email = email or None
            if clients is not None:
                _refuse_unknown_clients(unit.session, clients)
                for row in unit.session.scalars(select(UserClient).where(UserClient.user_id == user_id)):
                    unit.session.delete(row)
                unit.session.flush()
                unit.session.add_all(UserClient(user_id=user_id, client_id=c) for c in clients)

    def clients_of(self, user_id: int) -> list[int]:
        """Ids of the clients a supervisor may reach."""
        with self._db.read() as session:
            return list(session.scalars(select(UserClient.client_id).where(UserClient.user_id == user_id)))

    def set_password(self, user_id: int, password: str) -> None:
        """Change a password; every browser session made before ends."""
        hashed = hash_password(password)
        with self._db.write() as unit:
            user = unit.session.get(User, user_id)
            if user is None:
                raise NotFound(N_("There is no such user."))
            user.password_hash = hashed
            user.session_version += 1

    def set_language(self, user_id: int, language: str) -> None:
        """Change the language a user sees."""
        with self._db.write() as unit:
            unit.session.get_one(User, user_id).language = language

    def set_active(self, user_id: int, active: bool) -> None:
        """Deactivate (sessions end at once, statistics stay) or bring back. The last administrator cannot go."""
        with self._db.write() as unit:
            user = unit.session.get(User, user_id)
            if user is None:
                raise NotFound(N_("There is no such user."))
            if not active and user.role == Role.ADMINISTRATOR:
                _keep_one_administrator(unit.session, user_id)
            if user.active and not active:
                user.session_version += 1
            user.active = active


def _keep_one_administrator(session: Session, leaving: int) -> None:
    locks.exclusive(session, locks.ADMINISTRATORS)
    others = session.scalar(
        select(User.id).where(User.role == Role.ADMINISTRATOR.value, User.active, User.id != leaving).limit(1)
    )
    if others is None:
        raise Conflict(N_("This is the last administrator."), N_("Make somebody else an administrator first."))


def _refuse_unknown_clients(session: Session, clients: list[int]) -> None:
    known = set(session.scalars(select(Client.id).where(Client.id.in_(clients))))
    if not known.issuperset(clients):
        text = N_("There is no such client.")
        raise InvalidInput(text, N_("Choose from the list."), {"clients": [text]})


def _grants(session: Session, user_id: int) -> dict[int, Grant]:
    rows = session.scalars(select(CampaignAgent).where(CampaignAgent.user_id == user_id))
    return {r.campaign_id: Grant(r.dial_by_hand, r.edit_contacts, r.hear_own_recordings, r.see_numbers) for r in rows}


def _scope(session: Session, user_id: int, role: Role, grants: dict[int, Grant]) -> Scope:
    if role is Role.ADMINISTRATOR:
        return Scope.everything()
    if role is Role.SUPERVISOR:
        granted = session.scalars(select(UserClient.client_id).where(UserClient.user_id == user_id))
        return Scope(frozenset(granted))
    clients = session.scalars(select(Campaign.client_id).where(Campaign.id.in_(list(grants))))
    return Scope(frozenset(clients), frozenset(grants))
