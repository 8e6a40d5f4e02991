"""What an agent sits down at: his own browser, or one of the stations."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hookline.db.database import UnitOfWork
from hookline.db.models import AgentSession, Station
from hookline.domain.access import Actor
from hookline.errors import Conflict, InvalidInput
from hookline.ports.telephony import Capability, StationKind, TelephonyBackend
from hookline.text import N_

_NEEDED = {
    StationKind.SIP: Capability.STATION,
    StationKind.NUMBER: Capability.NUMBER_STATION,
    StationKind.BROWSER: Capability.BROWSER_STATION,
}


@dataclass(frozen=True)
class Choice:
    """A station, or with neither id nor address the browser."""

    kind: StationKind = StationKind.BROWSER
    station_id: int | None = None
    address: str = ""

    def is_of(self, agent: AgentSession) -> bool:
        """Whether the agent's session has this one."""
        return (agent.station_kind, agent.station_id) == (self.kind, self.station_id)


def stations_of(session: Session, actor: Actor) -> list[Station]:
    """Stations the actor may pick: his own, then those that are nobody's."""
    return list(
        session.scalars(
            select(Station)
            .where(Station.active, or_(Station.user_id == actor.user_id, Station.user_id.is_(None)))
            .order_by(Station.user_id.is_(None), Station.name)
        )
    )


def choose(session: Session, actor: Actor, station_id: int | None, backend: TelephonyBackend) -> Choice:
    """The choice of that id, None for the browser.

    Raises InvalidInput for a station he may not pick, Conflict for a kind that the campaign's telephony cannot reach.
    """
    choice = Choice()
    if station_id is not None:
        station = next((found for found in stations_of(session, actor) if found.id == station_id), None)
        if station is None:
            raise no_such_choice()
        choice = Choice(StationKind(station.kind), station.id, station.address)
    if _NEEDED[choice.kind] not in backend.capabilities:
        raise Conflict(
            N_("The telephony of this campaign, %(backend)s, cannot reach a station of this kind."),
            N_("Choose another station."),
            params={"backend": backend.title},
        )
    return choice


def take(unit: UnitOfWork, choice: Choice, actor: Actor) -> None:
    """Hold the station until the end of the block: of two agents who pick it at one moment, one gets it.

    Raises InvalidInput where it was taken out of use meanwhile, Conflict where somebody else works at it.
    """
    if choice.station_id is None:
        return
    if not unit.hold(Station, choice.station_id).active:
        raise no_such_choice()
    taken = unit.session.scalar(
        select(AgentSession.user_id).where(
            AgentSession.station_id == choice.station_id,
            AgentSession.user_id != actor.user_id,
            AgentSession.station_state != "gone",
        )
    )
    if taken is not None:
        raise Conflict(N_("Somebody else is using this station."), N_("Choose another."))


def no_such_choice() -> InvalidInput:
    """The station is none that may be picked."""
    return InvalidInput(N_("Choose a station."), fields={"station_id": [N_("Choose one of the list.")]})
