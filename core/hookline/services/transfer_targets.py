"""To whom an agent may hand a customer: colleagues who are ready, the campaign's own targets, a number he types."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import Call, Campaign, User
from hookline.domain.access import Actor
from hookline.errors import InvalidInput, NotPermitted
from hookline.services.offers import ready_agents
from hookline.services.phones import country_of, normalise
from hookline.text import N_


@dataclass(frozen=True)
class Target:
    """A colleague (`agent_id`), or a number (E.164)."""

    label: str
    agent_id: int | None = None
    number: str = ""


@dataclass(frozen=True)
class Targets:
    """What the desk offers. `typed`: whether the agent may type any number."""

    colleagues: tuple[Target, ...] = ()
    presets: tuple[Target, ...] = ()
    typed: bool = False


class TargetBook:
    """Finds targets."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def targets(self, actor: Actor, call: Call) -> Targets:
        """Whom the actor may bring into his call now: colleagues of its campaign, longest ready first."""
        with self._db.read() as session:
            campaign = session.get_one(Campaign, call.campaign_id)
            ready = [a.user_id for a in ready_agents(session, call.campaign_id, call.backend)]
            names = {u.id: u.display_name for u in session.scalars(select(User).where(User.id.in_(ready)))}
        colleagues = tuple(Target(names[i], agent_id=i) for i in ready if i != actor.user_id)
        presets = tuple(Target(entry["label"], number=entry["number"]) for entry in campaign.transfer_targets)
        return Targets(colleagues, presets, actor.grant(call.campaign_id).dial_by_hand)

    def chosen(self, actor: Actor, call: Call, choice: str, typed: str = "") -> Target:
        """The target of a choice: "agent-<id>", "preset-<place>", or "number" with what was typed.

        Raises InvalidInput for what is not offered and for no number, NotPermitted for a typed one without the grant.
        """
        offered = self.targets(actor, call)
        kind, _, key = choice.partition("-")
        if kind == "number":
            if not offered.typed:
                raise NotPermitted(N_("You may not dial by hand in this campaign."), N_("Ask your administrator."))
            phone = normalise(typed, country_of(call.caller_id) or "PL")
            return Target(phone.e164, number=phone.e164)
        for colleague in offered.colleagues if kind == "agent" else ():
            if str(colleague.agent_id) == key:
                return colleague
        if kind == "preset" and key.isdigit() and int(key) < len(offered.presets):
            return offered.presets[int(key)]
        raise InvalidInput(
            N_("Choose to whom."),
            N_("Your colleague may be busy by now."),
            fields={"target": [N_("Choose from the list.")]},
        )
