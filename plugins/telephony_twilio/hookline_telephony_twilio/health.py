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
            "telephony_twilio.settings",
            N_("Twilio settings"),
            lambda: settings_findings(settings),
            needs_database=False,
        )
    ]
    if settings.configured:
        checks.append(HealthCheck("telephony_twilio.account", N_("Twilio accounts"), desk.look, doctor_only=True))
    return checks


def settings_findings(settings: TwilioSettings) -> list[Finding]:
    """What the settings lack; an installation that does without Twilio lacks nothing."""
    if settings == TwilioSettings():
        return [ok(N_("Twilio is not set up: the plugin offers no telephony."))]
    missing = [warning(problem.message, problem.advice) for problem in missing_settings(settings)]
    return missing or [ok(N_("Everything that calls through Twilio need is set."))]
