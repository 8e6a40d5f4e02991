"""Core's holders of what is known of those who work here: accounts, states, stations, mails."""

from __future__ import annotations

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from hookline.data_holders import DataCategory, DataHolder, DataRecord, ErasureReport, Subject, record_of
from hookline.db.database import UnitOfWork
from hookline.db.models import (
    AgentSession,
    AgentStateChange,
    CampaignAgent,
    Mail,
    Station,
    Supervision,
    SupervisionStep,
    User,
    UserClient,
)
from hookline.domain.access import Scope
from hookline.errors import Conflict
from hookline.text import N_


def agent_holders() -> list[DataHolder]:
    """Accounts, working time, mails."""
    return [
        DataHolder(
            name="core.users",
            title=N_("Users' accounts"),
            category=DataCategory.AGENTS,
            what=N_("Log-in name, shown name, e-mail address, password as a hash, role, clients, campaigns and grants"),
            why=N_("To let people in and to know who did what"),
            retention_days=0,
            tables=frozenset({"users", "user_clients", "campaign_agents"}),
            export=_export_users,
            erase=_erase_users,
        ),
        DataHolder(
            name="core.working_time",
            title=N_("Agents' states and stations"),
            category=DataCategory.AGENTS,
            what=N_("When an agent was ready, talking or paused and why; the telephone he works at"),
            why=N_("To run the campaigns and to compute talk, wait and pause times"),
            retention_days=1095,
            tables=frozenset({"agent_sessions", "agent_state_changes", "stations"}),
            export=_export_working_time,
            erase=_erase_working_time,
            recipients=N_("Supervisors of the clients for whom the agent works"),
        ),
        DataHolder(
            name="core.supervision",
            title=N_("Who listened to whom"),
            category=DataCategory.AUDIT,
            what=N_("When a supervisor took part in an agent's calls, in which way, and in which calls"),
            why=N_("To prove who heard what (GDPR 32), and to answer agents who ask"),
            retention_days=1095,
            tables=frozenset({"supervisions", "supervision_steps"}),
            export=_export_supervision,
            erase=_keep_supervision,
        ),
        DataHolder(
            name="core.prompts",
            title=N_("Prompts"),
            category=DataCategory.AGENTS,
            what=N_("Hold music and messages to callers, whose speaker may be recognised by the voice"),
            why=N_("To tell callers what happens"),
            retention_days=0,
            tables=frozenset(),
            export=lambda _session, _scope, _subject: [],
            erase=lambda _unit, _subject: ErasureReport(
                kept=N_("Prompts"), why=N_("They belong to nobody in the files; whoever spoke one asks to replace it.")
            ),
            file_stores=frozenset({"prompts"}),
        ),
        DataHolder(
            name="core.mails",
            title=N_("Mails to users"),
            category=DataCategory.AGENTS,
            what=N_("Recipient and state of mails; what they are filled in with, until they are sent"),
            why=N_("To tell users that an import has ended or that something fails"),
            retention_days=90,
            tables=frozenset({"mails"}),
            export=_export_mails,
            erase=_erase_mails,
            recipients=N_("The mail server"),
        ),
    ]


def _export_users(session: Session, _scope: Scope, subject: Subject) -> list[DataRecord]:
    users = session.scalars(select(User).where(User.id.in_(subject.user_ids)))
    found = [record_of(row, leave_out=("password_hash", "session_version")) for row in users]
    for model in (UserClient, CampaignAgent):
        found += [record_of(row) for row in session.scalars(select(model).where(model.user_id.in_(subject.user_ids)))]
    return found


def _erase_users(unit: UnitOfWork, subject: Subject) -> ErasureReport:
    users = unit.session.scalars(select(User).where(User.id.in_(subject.user_ids))).all()
    for user in users:
        if user.active:
            raise Conflict(
                N_("This user's account is still active."),
                N_("Deactivate it first: nobody is locked out unawares."),
            )
        user.login, user.display_name, user.email = f"erased-{user.id}", "", ""
        user.password_hash, user.session_version = "", user.session_version + 1
    return ErasureReport(
        anonymised=len(users),
        kept=N_("An empty account, known by its id only"),
        why=N_("Statistics and logs of who did what refer to it; nobody can be recognised by it."),
    )


def _export_working_time(session: Session, _scope: Scope, subject: Subject) -> list[DataRecord]:
    found: list[DataRecord] = []
    for model in (AgentSession, AgentStateChange, Station):
        rows = session.scalars(select(model).where(model.user_id.in_(subject.user_ids)))
        found += [record_of(row) for row in rows]
    return found


def _erase_working_time(unit: UnitOfWork, subject: Subject) -> ErasureReport:
    of_theirs = subject.user_ids
    for model, values in (
        (AgentStateChange, {"reason": ""}),
        (AgentSession, {"pause_reason": "", "notice": "", "station_note": "", "station_id": None}),
    ):
        unit.session.execute(
            update(model)
            .where(model.user_id.in_(of_theirs))
            .values(values)
            .execution_options(synchronize_session=False)
        )
    stations = unit.session.scalars(select(Station).where(Station.user_id.in_(of_theirs))).all()
    for station in stations:
        station.name, station.address, station.user_id, station.active = f"erased-{station.id}", "", None, False
    return ErasureReport(
        anonymised=len(stations),
        kept=N_("Times of states"),
        why=N_("Statistics rest on them; once the account is erased they are nobody's."),
    )


def _export_supervision(session: Session, _scope: Scope, subject: Subject) -> list[DataRecord]:
    either = or_(Supervision.supervisor_id.in_(subject.user_ids), Supervision.agent_id.in_(subject.user_ids))
    rows = session.scalars(select(Supervision).where(either).order_by(Supervision.id)).all()
    steps = session.scalars(
        select(SupervisionStep)
        .where(SupervisionStep.supervision_id.in_([row.id for row in rows]))
        .order_by(SupervisionStep.id)
    )
    return [record_of(row) for row in [*rows, *steps]]


def _keep_supervision(unit: UnitOfWork, subject: Subject) -> ErasureReport:
    return ErasureReport(
        kept=N_("Times, ids and reasons"),
        why=N_("They prove who heard what; once the account is erased they are nobody's."),
    )


def _export_mails(session: Session, scope: Scope, subject: Subject) -> list[DataRecord]:
    if scope.clients is not None:
        return []  # mails go to users, who belong to no client
    rows = session.scalars(select(Mail).where(func.lower(Mail.recipient).in_(subject.emails)).order_by(Mail.id))
    return [record_of(row) for row in rows]


def _erase_mails(unit: UnitOfWork, subject: Subject) -> ErasureReport:
    if subject.clients is not None:
        return ErasureReport()
    gone = unit.session.scalars(
        delete(Mail).where(func.lower(Mail.recipient).in_(subject.emails)).returning(Mail.id)
    ).all()
    return ErasureReport(erased=len(gone))
