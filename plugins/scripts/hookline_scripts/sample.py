"""An invented contact, with which the administration tries scripts out."""

from __future__ import annotations

import re

from hookline.domain.scripts import ScriptContext
from hookline_scripts.known_fields import CUSTOM_PREFIX

_CUSTOM = re.compile(r"contact\.custom\.([A-Za-z_][A-Za-z0-9_]*)")


def sample_context(text: str, language: str) -> ScriptContext:
    """A context for the preview; custom fields that the text names get a value made of their name."""
    custom = {CUSTOM_PREFIX + name: f"({name.replace('_', ' ')})" for name in _CUSTOM.findall(text)}
    contact = {
        "name": "Anna Przykładowa",
        "first_name": "Anna",
        "last_name": "Przykładowa",
        "company": "Przykład sp. z o.o.",
        "email": "anna@example.com",
        "city": "Poznań",
        "phone": "+48 600 000 000",
        "external_id": "A-1001",
        "language": language,
        "notes": "",
        **custom,
    }
    campaign = {"name": "Wiosna", "goal": "", "client": "Przykład Energia"}
    return ScriptContext(contact, campaign, {"name": "Jan Konsultant"}, None, language)
