"""The plugin's health checks: the library, the cells, and the trunks with what is behind them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from hookline.health import Finding, HealthCheck, ok, problem, warning
from hookline.text import N_
from hookline_telephony_sip.advice import CERTIFICATE
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.problems import cells_failing, package_missing
from hookline_telephony_sip.reach import Reach, TrunkReach

_ADVICE = {
    "unresolved": N_("The host name is not known: correct it, or look at this machine's name server."),
    "certificate": CERTIFICATE,
    "kept_in": N_(
        "Hookline is set up to telephone within this machine only: set bind_address in [plugins.telephony_sip]."
    ),
}
_SILENT = N_("Check host, port and firewall; some trunks answer no OPTIONS: then a test call tells.")


def health_checks(backend: SipBackend, reach: TrunkReach) -> list[HealthCheck]:
    """Every one."""
    return [
        HealthCheck("telephony_sip.library", N_("SIP library"), _library, needs_database=False),
        HealthCheck("telephony_sip.cells", N_("SIP cells"), lambda: _cells(backend), needs_database=False),
        HealthCheck("telephony_sip.trunks", N_("SIP trunks and their far ends"), lambda: _trunks(reach)),
    ]


def _library() -> list[Finding]:
    try:
        return [ok(N_("pjsua2 %(version)s is installed."), version=version("pjsua2-python"))]
    except PackageNotFoundError:
        missing = package_missing()
        return [problem(missing.message, missing.advice)]


def _cells(backend: SipBackend) -> list[Finding]:
    if not backend.running:
        return [ok(N_("None runs in this process; the engine's process has them."))]
    failing = cells_failing()
    if any(found.id == failing.id for found in backend.problems(None)):
        return [problem(failing.message, failing.advice)]
    seen = backend.cell_figures()
    running = ok(
        N_("Running: %(count)s, with %(megabytes)s MB of their own and %(percent)s %% of a core together."),
        count=seen.count,
        megabytes=round(seen.megabytes),
        percent=round(seen.cpu_percent),
    )
    if backend.listens is False:
        return [
            running,
            problem(N_("Nobody takes calls that come in."), N_("Is the port free? Read the engine's log.")),
        ]
    return [running]


def _trunks(reach: TrunkReach) -> list[Finding]:
    seen = [_trunk(trunk.name, state) for trunk, state in reach.fresh_states()]
    return seen or [
        warning(N_("There is no trunk in use."), N_("Add one under Trunks: without one no call goes out by SIP."))
    ]


def _trunk(name: str, state: Reach) -> Finding:
    if state.answers:
        return ok(
            N_("%(name)s answers within %(milliseconds)s ms (SIP status %(code)s)."),
            name=name,
            milliseconds=state.milliseconds,
            code=state.code,
        )
    return problem(N_("%(name)s does not answer."), _ADVICE.get(state.problem, _SILENT), name=name)
