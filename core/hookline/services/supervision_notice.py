"""What an agent is told of the supervisors at his line, as the installation says.

That calls may be listened to must be told in advance, to agents (Polish Labour Code, art. 22(3)) and to customers;
whether each time is shown is the employer's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db.models import Supervision, SupervisionStep, User
from hookline.ports.telephony import SupervisionMode


class Notice(StrEnum):
    """When an agent sees that a supervisor is at his line."""

    NEVER = "never"
    COACHING = "coaching"  # while the agent hears him
    ALWAYS = "always"


_SHOWN = {
    Notice.NEVER: frozenset[str](),
    Notice.COACHING: frozenset({SupervisionMode.WHISPER.value, SupervisionMode.BARGE.value}),
    Notice.ALWAYS: frozenset(mode.value for mode in SupervisionMode if mode is not SupervisionMode.OFF),
}


@dataclass(frozen=True)
class Company:
    """A supervisor of whom the agent is told, and how he takes part."""

    supervisor: str
    mode: SupervisionMode


def company_of(session: Session, agent_id: int, notice: Notice) -> tuple[Company, ...]:
    """Who hears the agent now, as far as he is told."""
    if notice is Notice.NEVER:
        return ()
    latest = (
        select(func.max(SupervisionStep.id))
        .where(SupervisionStep.supervision_id == Supervision.id)
        .correlate(Supervision)
        .scalar_subquery()
    )
    found = session.execute(
        select(User.display_name, SupervisionStep.mode)
        .join(Supervision, Supervision.supervisor_id == User.id)
        .join(SupervisionStep, SupervisionStep.id == latest)
        .where(
            Supervision.agent_id == agent_id,
            Supervision.ended_at.is_(None),
            Supervision.connected_at.is_not(None),
            SupervisionStep.mode.in_(_SHOWN[notice]),
        )
        .order_by(Supervision.id)
    )
    return tuple(Company(name, SupervisionMode(mode)) for name, mode in found)


def is_shown(session: Session, supervision_id: int, notice: Notice) -> bool:
    """Whether the agent is, or was, told of this supervision: then he is told of its changes too."""
    steps = select(SupervisionStep.id).where(
        SupervisionStep.supervision_id == supervision_id, SupervisionStep.mode.in_(_SHOWN[notice])
    )
    return session.scalar(steps.limit(1)) is not None
