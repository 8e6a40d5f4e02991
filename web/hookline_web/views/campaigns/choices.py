"""What a campaign's form offers. What a campaign has and the installation has no more stays on offer, marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import g
from flask_babel import gettext as _

from hookline.db.models import Client, User
from hookline.domain.access import Role
from hookline.plugin_host.states import LOADED
from hookline.services.campaigns import CampaignDraft
from hookline.services.lists import ListRow
from hookline.services.policy_titles import CORE_POLICY_TITLES
from hookline_web.context import runtime
from hookline_web.i18n import translated
from hookline_web.plugin_facts import plugin_title
from hookline_web.schemas.campaigns import Known


@dataclass(frozen=True)
class PolicyChoice:
    """A policy that can be required; `in_force` False: its plugin is missing, so the campaign would not dial."""

    name: str
    title: str
    description: str
    in_force: bool


@dataclass(frozen=True)
class Choices:
    """Everything the form offers for one client. Pairs are value and label."""

    clients: tuple[Client, ...]
    lists: tuple[ListRow, ...]
    agents: tuple[User, ...]
    backends: tuple[tuple[str, str], ...]
    scripts: tuple[tuple[str, str], ...]
    pacers: tuple[tuple[str, str], ...]
    policies: tuple[PolicyChoice, ...]

    def known(self, list_ids: Iterable[int]) -> Known:
        """What the schema takes; numbers without a prefix are read as those of the first chosen list."""
        chosen = set(list_ids)
        countries = [row.country for row in self.lists if row.id in chosen]
        return Known(
            backends=frozenset(name for name, _label in self.backends),
            scripts=frozenset(value for value, _label in self.scripts),
            policies=frozenset(policy.name for policy in self.policies),
            agents=frozenset(user.id for user in self.agents),
            country=countries[0] if countries else "PL",
        )


def choices_for(client_id: int | None, present: CampaignDraft | None = None) -> Choices:
    """The form's choices for a client; `present` is the campaign as it is stored, where one is edited."""
    scope = g.actor.scope
    agents, backend = (set(present.agents), present.backend) if present else (set(), "")
    script, required = (present.script, present.required_policies or []) if present else ("", [])
    pacer = present.pacer if present else ""
    return Choices(
        clients=tuple(runtime().clients.list_clients(scope, active_only=present is None)),
        lists=tuple(row for row in runtime().lists.index(scope) if row.client_id == client_id),
        agents=tuple(_agents(client_id, agents)),
        backends=_kept([(name, b.title) for name, b in sorted(runtime().host.backends().items())], backend),
        scripts=_kept(list(_scripts(client_id)), script),
        pacers=_kept([(name, translated(p.title)) for name, p in sorted(runtime().host.pacers().items())], pacer),
        policies=policies(required),
    )


def policies(required: Iterable[str] = ()) -> tuple[PolicyChoice, ...]:
    """The policies in force, and the required ones that are not."""
    present = runtime().host.policies()
    found = [
        PolicyChoice(p.name, translated(p.title), translated(p.description), True)
        for p in sorted(present.values(), key=lambda p: p.title)
    ]
    gone = [PolicyChoice(name, name, "", False) for name in required if name not in present]
    return tuple(found + gone)


def plugin_options(chosen: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Enabled plugins, and chosen ones that are not enabled any more: name and title."""
    statuses = runtime().host.statuses.values()
    names = {status.name for status in statuses if status.state in LOADED} | set(chosen)
    return sorted(((name, plugin_title(name)) for name in names), key=lambda pair: pair[1].casefold())


def policy_titles(names: Iterable[str]) -> dict[str, str]:
    """The policies' titles in this request's language, by name; a name nobody knows any more stands for itself."""
    present = runtime().host.policies()
    titles = {**CORE_POLICY_TITLES, **{p.name: p.title for p in present.values()}}
    return {name: translated(titles.get(name, name)) for name in names}


def script_title(client_id: int, script: str) -> str:
    """The title of a campaign's script; its stored name where its plugin or itself is gone; "" for none."""
    return dict(_scripts(client_id)).get(script, script)


def _scripts(client_id: int | None) -> Iterable[tuple[str, str]]:
    for name, engine in sorted(runtime().host.script_engines().items()):
        for script in engine.list_scripts(client_id) if client_id else ():
            yield f"{name}:{script.id}", script.title


def _kept(options: list[tuple[str, str]], present: str) -> tuple[tuple[str, str], ...]:
    if present and present not in dict(options):
        options = [*options, (present, _("%(name)s (not available now)", name=present))]
    return tuple(options)


def _agents(client_id: int | None, assigned: set[int]) -> Iterable[User]:
    """Agents, and supervisors who reach the client; inactive ones only where they are assigned already."""
    return (user for user in runtime().identity.list_users() if user.id in assigned or _may_work_for(user, client_id))


def _may_work_for(user: User, client_id: int | None) -> bool:
    if not user.active or user.role == Role.ADMINISTRATOR:
        return False
    return user.role == Role.AGENT or client_id in runtime().identity.clients_of(user.id)
