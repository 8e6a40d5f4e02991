"""A script with every kind of question, and what the desk fills texts in with."""

from __future__ import annotations

from hookline.domain.scripts import ScriptContext

TEXT = """\
title: Offer
steps:
  - title: {pl: Powitanie, en: Greeting}
    say:
      pl: Dzień dobry, {{ contact.first_name }}.
      en: Hello {{ contact.first_name }}, **listen**.
    ask:
      - {key: interest, label: Interest, kind: choice, choices: [yes, no], required: true}
      - {key: agreed, label: Agreed, kind: yes_no}
  - title: Details
    ask:
      - {key: amount, label: Amount, kind: number}
      - {key: due, label: Due, kind: date}
      - {key: remark, label: Remark}
"""


def context(call_id: int | None = None, language: str = "en", **contact: str) -> ScriptContext:
    """What the desk fills texts in with."""
    return ScriptContext(contact, {"name": "Spring"}, {"name": "Andy"}, call_id, language)
