"""The plugin's health checks."""

from __future__ import annotations

from hookline.health import Finding, HealthCheck, ok, warning
from hookline.text import N_
from hookline_telephony_twilio.pages import Desk
from hookline_telephony_twilio.problems import missing_settings
from hookline_telephony_twilio.settings import TwilioSettings


def health_checks(settings: TwilioSettings, desk: Desk) -> list[HealthCheck]:
    """Every one; Twilio itself is asked at the command line only, since that takes its time."""
    checks = [
        HealthCheck(
            "telephony_twilio.settings", N_("Twilio settings"), lambda: _settings(settings), needs_database=False
        )
    ]
    if settings.configured:
        checks.append(HealthCheck("telephony_twilio.account", N_("Twilio accounts"), desk.look, doctor_only=True))
    return checks


def _settings(settings: TwilioSettings) -> list[Finding]:
    missing = [warning(problem.message, problem.advice) for problem in missing_settings(settings)]
    return missing or [ok(N_("Everything that calls through Twilio need is set."))]
