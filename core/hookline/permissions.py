"""Core's permissions and the roles that hold them by default. Plugins add theirs by a hook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from hookline.contributions import Permission
from hookline.domain.access import Role
from hookline.text import N_

_ADMIN = frozenset({Role.ADMINISTRATOR})
_SUPERVISE = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
_ALL = frozenset(Role)

CORE_PERMISSIONS = {
    p.name: p
    for p in (
        Permission("account.use", N_("Log in, change one's own password and language"), _ALL),
        Permission("desk.use", N_("Work as an agent"), frozenset({Role.AGENT, Role.SUPERVISOR})),
        Permission("contacts.view", N_("See contacts"), _ALL),
        Permission("contacts.edit", N_("Edit contacts"), _ALL),
        Permission("calls.view", N_("See calls"), _ALL),
        Permission("callbacks.view", N_("See, move and cancel callbacks"), _ALL),
        Permission("calls.supervise", N_("Listen, whisper and barge in on agents' calls"), _SUPERVISE),
        Permission("prompts.manage", N_("Manage hold music and messages to callers"), _ADMIN),
        Permission("recordings.play", N_("Play recordings"), _ALL),
        Permission("recordings.delete", N_("Delete recordings for good"), _ADMIN),
        Permission("campaigns.view", N_("See campaigns and their figures"), _SUPERVISE),
        Permission("policies.drop", N_("Let a campaign do without a policy that it required"), _ADMIN),
        Permission("campaigns.manage", N_("Build, start and pause campaigns"), _ADMIN),
        Permission("results.export", N_("Export results"), _SUPERVISE),
        Permission("contacts.import", N_("Import contact lists"), _ADMIN),
        Permission("suppression.view", N_("See the suppression list"), _SUPERVISE),
        Permission("suppression.manage", N_("Add to and take from the suppression list"), _ADMIN),
        Permission("agents.watch", N_("See agents' states"), _SUPERVISE),
        Permission("users.manage", N_("Manage users and their grants"), _ADMIN),
        Permission("clients.manage", N_("Manage clients"), _ADMIN),
        Permission("stations.manage", N_("Manage stations"), _ADMIN),
        Permission("jobs.view", N_("See background jobs"), _ADMIN),
        Permission("jobs.manage", N_("Run and cancel background jobs"), _ADMIN),
        Permission("api.use", N_("Use the JSON API, with a token"), _ADMIN),
        Permission("tokens.manage", N_("Make and revoke tokens of the JSON API"), _ADMIN),
        Permission("webhooks.manage", N_("Manage webhooks"), _ADMIN),
        Permission("mail.manage", N_("See mails and send them again"), _ADMIN),
        Permission("data.export", N_("Export everything about a person"), _ADMIN),
        Permission("data.erase", N_("Erase everything about a person"), _ADMIN),
        Permission("health.view", N_("See how the installation stands"), _ADMIN),
        Permission("plugins.view", N_("See plugins and their health"), _ADMIN),
        Permission("plugins.manage", N_("Enable and disable plugins, bring back release sets"), _ADMIN),
    )
}


class Permissions(Mapping[str, Permission]):
    """Every permission there is now, by name: core's and the enabled plugins'."""

    def __init__(self, found: Mapping[str, Permission]) -> None:
        self._found = dict(found)

    def replace(self, found: Mapping[str, Permission]) -> None:
        """Others are there from now on; who is going through the former ones comes to their end."""
        self._found = dict(found)

    def __getitem__(self, name: str) -> Permission:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


View = TypeVar("View", bound=Callable[..., object])


def requires(permission: str) -> Callable[[View], View]:
    """Declare the permission that a page's view needs. The web app refuses every view that declares nothing."""

    def declare(view: View) -> View:
        view.hookline_permission = permission  # type: ignore[attr-defined]
        return view

    return declare


def public(because: str) -> Callable[[View], View]:
    """Declare that a view needs no log-in, and why that is right."""

    def declare(view: View) -> View:
        view.hookline_public = because  # type: ignore[attr-defined]
        return view

    return declare


def receives_webhooks(because: str) -> Callable[[View], View]:
    """Declare that a view takes messages from programs: it needs no log-in and no form token, and verifies itself.

    Say who sends them. The view calls `hookline.webhook_in.verify` before anything else: see
    docs/how-to/receive-webhooks.md.
    """

    def declare(view: View) -> View:
        view.hookline_takes_webhooks = True  # type: ignore[attr-defined]
        return public(because)(view)

    return declare
