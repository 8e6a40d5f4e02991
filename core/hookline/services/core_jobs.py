"""Core's own jobs."""

from __future__ import annotations

from hookline.jobs import Job, JobRun
from hookline.services.agents import AgentService
from hookline.services.callbacks import CallbackService
from hookline.services.desk_calls import DeskCalls
from hookline.services.dial_watch import DialWatch
from hookline.services.dialler.service import Dialler
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
        callbacks.release_absent()

    return [
        Job("core.remind-of-callbacks", N_("Remind of callbacks"), remind, every_seconds=15),
        Job("core.present-due-contacts", N_("Present contacts that became due"), present, every_seconds=1),
        Job("core.expire-wrap-ups", N_("End wrap-ups past their limit"), expire, every_seconds=2),
        Job("core.ring-the-next", N_("Let calls that nobody takes ring at the next agent"), ring_on, every_seconds=1),
        Job("core.end-silent-sessions", N_("Set agents offline whose browser is gone"), end_silent, every_seconds=10),
    ]


def dialling_jobs(watch: DialWatch, presenter: Presenter, dialler: Dialler) -> list[Job]:
    """What time does to dialling."""

    def end_ringing(_run: JobRun) -> None:
        watch.end_ringing_too_late()

    def end_previews(_run: JobRun) -> None:
        for agent_id in watch.expire_previews():
            presenter.present(agent_id)

    def give_back(_run: JobRun) -> None:
        watch.give_back_claims()

    def dial(_run: JobRun) -> None:
        dialler.tick()

    def forget_ticks(_run: JobRun) -> None:
        dialler.forget_old_ticks()

    def follow_schedule(_run: JobRun) -> None:
        watch.follow_schedule()

    return [
        Job("core.dial", N_("Dial for all agents of a campaign"), dial, every_seconds=1),
        Job("core.forget-dialler-decisions", N_("Delete the dialler's old decisions"), forget_ticks, every_seconds=600),
        Job("core.end-late-ringing", N_("End ringing where calling time is over"), end_ringing, every_seconds=5),
        Job("core.end-previews", N_("Put contacts aside that were looked at too long"), end_previews, every_seconds=2),
        Job("core.give-back-claims", N_("Give back contacts that nobody went on with"), give_back, every_seconds=30),
        Job("core.campaign-schedule", N_("Start and end campaigns at their time"), follow_schedule, every_seconds=30),
    ]
