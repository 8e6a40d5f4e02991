"""Names of core's dial policies for people; plugins bring theirs with the policies they register."""

from __future__ import annotations

from hookline.text import N_

CORE_POLICY_TITLES = {
    "core.campaign-running": N_("The campaign is running"),
    "core.emergency": N_("Not an emergency number"),
    "core.premium": N_("Not a premium-rate number"),
    "core.foreign": N_("A country that the campaign calls"),
    "core.suppressed": N_("Not on the suppression list"),
    "core.wrong-number": N_("Not marked as wrong"),
    "core.calling-window": N_("Within the calling window"),
    "core.attempts-per-day": N_("Attempts on this day are within the limit"),
    "core.attempts-per-week": N_("Attempts in seven days are within the limit"),
    "core.number-attempts": N_("Attempts at this number are within the limit"),
    "core.number-attempts-total": N_("Attempts at this number in all are within the limit"),
    "core.attempts-total": N_("Attempts in all are within the limit"),
}
