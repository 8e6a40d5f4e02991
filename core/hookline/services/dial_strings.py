"""Dial strings: what lines ask the network for, prefixes included, judged as what they are read as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import structlog
from sqlalchemy.orm import Session

from hookline.db.models import Campaign
from hookline.domain.dialling import DialRequest, Refusal
from hookline.services.policies import CORE_POLICIES
from hookline.text import N_

log = structlog.get_logger(__name__)


def judge_dial_strings(
    session: Session, request: DialRequest, campaign: Campaign, strings: list[str]
) -> Refusal | None:
    """The reason against what the network would be asked for, where a line's prefix makes another number of it."""
    for string in strings:
        for form in _forms(string):
            asked = DialRequest(**{**asdict(request), "number": form})
            for name in ("core.emergency", "core.premium"):
                refusal = answer(name, CORE_POLICIES[name], session, asked, campaign)
                if refusal is not None:
                    return refusal
    return None


def _forms(string: str) -> set[str]:
    """A dial string as the network may read it: as it stands, and international where it begins so."""
    digits = string.lstrip("+")
    forms = {string, digits}
    if digits.startswith("00"):
        forms.add("+" + digits[2:])
    elif string.startswith("+") or len(digits) > 9:
        forms.add("+" + digits)
    return forms


def answer(
    name: str,
    policy: Callable[[Session, DialRequest, Campaign], Refusal | None],
    session: Session,
    request: DialRequest,
    campaign: Campaign,
) -> Refusal | None:
    """A policy's reason; one that fails refuses."""
    try:
        return policy(session, request, campaign)
    except Exception as error:
        log.error("core policy failed", policy=name, error_type=type(error).__name__, exc_info=error)
        return Refusal(f"{name}.unanswered", N_("A rule could not be checked, so the call is not made."))
