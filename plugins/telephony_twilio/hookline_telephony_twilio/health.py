"""The plugin's health checks."""

from __future__ import annotations

from hookline.health import Finding, HealthCheck, ok, warning
from hookline.text import N_
from hookline_telephony_twilio.problems import missing_settings
from hookline_telephony_twilio.settings import TwilioSettings


def health_checks(settings: TwilioSettings) -> list[HealthCheck]:
    """Every one."""
    return [
        HealthCheck(
            "telephony_twilio.settings", N_("Twilio settings"), lambda: _settings(settings), needs_database=False
        )
    ]


def _settings(settings: TwilioSettings) -> list[Finding]:
    missing = [warning(problem.message, problem.advice) for problem in missing_settings(settings)]
    return missing or [ok(N_("Everything that calls through Twilio need is set."))]
