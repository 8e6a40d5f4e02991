"""Who asks, and what of the data he may reach at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hookline.errors import NotPermitted
from hookline.text import N_


class Role(StrEnum):
    """What somebody is in the centre; permissions default from it."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Scope:
    """The data a question may touch. Repositories take it as an argument they cannot do without.

    `clients` None means every client (administrators, the engine itself); `campaigns` None means every campaign of
    these clients. An agent's scope names his campaigns, and reaches only contacts that are in them.
    """

    clients: frozenset[int] | None
    campaigns: frozenset[int] | None = None

    @classmethod
    def everything(cls) -> Scope:
        """The whole installation: administrators, and the engine acting for nobody in particular."""
        return cls(None, None)

    def covers_client(self, client_id: int) -> bool:
        """Whether the client's data may be reached."""
        return self.clients is None or client_id in self.clients

    def covers_campaign(self, client_id: int, campaign_id: int) -> bool:
        """Whether the campaign may be reached."""
        return self.covers_client(client_id) and (self.campaigns is None or campaign_id in self.campaigns)


@dataclass(frozen=True)
class Grant:
    """What an agent may do in one campaign beyond talking to the contacts presented to him.

    `weight` is his share of contacts among campaigns of equal priority; 0: only where the others have none.
    """

    dial_by_hand: bool = False
    edit_contacts: bool = False
    hear_own_recordings: bool = False
    see_numbers: bool = True
    weight: int = 1


@dataclass(frozen=True)
class Actor:
    """The person (or program) on whose behalf something is done."""

    user_id: int | None
    name: str
    role: Role
    permissions: frozenset[str]
    scope: Scope
    grants: dict[int, Grant] = field(default_factory=dict)

    def can(self, permission: str) -> bool:
        """Whether he holds the permission."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise `NotPermitted` unless he holds the permission."""
        if not self.can(permission):
            raise NotPermitted(
                N_("You are not permitted to do this."), N_("Ask your administrator for the permission.")
            )

    def grant(self, campaign_id: int | None) -> Grant:
        """What he may do in the campaign; supervisors and administrators are not held by grants."""
        if self.role is not Role.AGENT:
            return Grant(dial_by_hand=True, edit_contacts=True, hear_own_recordings=True, see_numbers=True)
        return self.grants.get(campaign_id or 0, Grant(see_numbers=False))

    def sees_numbers(self, campaign_id: int | None) -> bool:
        """Whether numbers are shown to him in clear; agents need the grant of that campaign."""
        return self.grant(campaign_id).see_numbers


def mask_number(number: str) -> str:
    """The number as one without the grant sees it: country and last two digits, "+48 ••• ••• •12"."""
    return f"{number[:3]} ••• ••• •{number[-2:]}" if len(number) > 6 else "•••"
