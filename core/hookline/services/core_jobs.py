"""Core's own jobs."""

from __future__ import annotations

from hookline.jobs import Job, JobRun
from hookline.services.agents import AgentService
from hookline.services.callbacks import CallbackService
from hookline.services.desk_calls import DeskCalls
from hookline.services.presenting import Presenter
from hookline.text import N_


def core_jobs(
    agents: AgentService,
    presenter: Presenter,
    callbacks: CallbackService,
    desk_calls: DeskCalls,
    browser_grace_seconds: int,
) -> list[Job]:
    """Every one, in the order the jobs page shows them."""

    def present(_run: JobRun) -> None:
        presenter.present_to_all()

    def expire(_run: JobRun) -> None:
        agents.expire_wrap_ups()

    def ring_on(_run: JobRun) -> None:
        desk_calls.offers.expire()

    def end_silent(_run: JobRun) -> None:
        for agent_id in agents.deactivated_in_calls():
            desk_calls.transfers.relieve(agent_id)
        agents.end_silent_sessions(browser_grace_seconds)

    def remind(_run: JobRun) -> None:
        callbacks.remind()

    return [
        Job("core.remind-of-callbacks", N_("Remind of callbacks"), remind, every_seconds=15),
        Job("core.present-due-contacts", N_("Present contacts that became due"), present, every_seconds=1),
        Job("core.expire-wrap-ups", N_("End wrap-ups past their limit"), expire, every_seconds=2),
        Job("core.ring-the-next", N_("Let calls that nobody takes ring at the next agent"), ring_on, every_seconds=1),
        Job("core.end-silent-sessions", N_("Set agents offline whose browser is gone"), end_silent, every_seconds=10),
    ]
