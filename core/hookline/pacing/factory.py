"""The one place where pacers are made, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hookline.errors import HooklineError
from hookline.pacing.bounded import BoundedPacer
from hookline.pacing.decision import Pacer
from hookline.pacing.fixed import ManualPacer, RatioPacer
from hookline.pacing.predictive import PredictivePacer
from hookline.text import N_

PACER_NAMES = ("manual", "progressive", "power", "predictive")


class UnknownPacer(HooklineError):
    """No pacer has this name."""

    id = "unknown-pacer"


class BadPacing(HooklineError):
    """The ceiling or the ratio is no sensible number."""

    id = "bad-pacing"


#: Makes a pacer under a ceiling.
PacerMaker = Callable[[float], Pacer]


def create_pacer(
    name: str, abandon_limit: float = 0.03, *, ratio: float = 1.5, more: Mapping[str, PacerMaker] | None = None
) -> Pacer:
    """A fresh pacer for one campaign.

    abandon_limit: the ceiling, as a share of live answers (0.03 is 3 %); 0 means that nobody may ever be abandoned.
    ratio: calls for each ready agent, for power only.
    more: makers of plugins' pacers by name (see `hookline_register_pacers`); what these want is held to the bounds of
    every pacer. The names of Hookline's own pacers are not looked up in it.
    Raises UnknownPacer, and BadPacing for a ceiling outside 0 to 1 or a ratio below 1.
    """
    if not (0 <= abandon_limit <= 1 and ratio >= 1):
        raise BadPacing(
            N_("A ceiling of %(limit)s with a ratio of %(ratio)s cannot be paced."),
            N_("Give a ceiling from 0 to 1 and a ratio of at least 1."),
            params={"limit": abandon_limit, "ratio": ratio},
        )
    if name == "manual":
        return ManualPacer()
    if name == "progressive":
        return RatioPacer(name, 1.0, abandon_limit)
    if name == "power":
        return RatioPacer(name, ratio, abandon_limit)
    if name == "predictive":
        return PredictivePacer(abandon_limit)
    if more and name in more:
        return BoundedPacer(name, more[name](abandon_limit), abandon_limit)
    raise UnknownPacer(
        N_("There is no pacer called %(name)s."),
        N_("Choose one of: %(known)s."),
        params={"name": name, "known": ", ".join((*PACER_NAMES, *sorted(more or ())))},
    )
