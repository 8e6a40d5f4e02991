"""The templates that come with the plugin, from which administrators begin."""

from __future__ import annotations

from pathlib import Path

from hookline.errors import NotFound
from hookline.text import N_

_FOLDER = Path(__file__).parent / "script_templates"
#: Every template by the name of its file, with its title (a message id).
BUNDLED = {
    "appointment": N_("Appointment"),
    "consent_renewal": N_("Consent renewal"),
    "debt_collection": N_("Payment reminder"),
    "nps": N_("Satisfaction survey (NPS)"),
    "sales": N_("Sales call"),
}


def bundled_text(name: str) -> str:
    """A template's text; raises NotFound."""
    if name not in BUNDLED:
        raise NotFound(N_("There is no such template."), N_("Go back to the list of scripts."))
    return (_FOLDER / f"{name}.yaml").read_text("utf-8")
