"""The pacer: how many calls to place now, asked once a second. Pure logic; see docs/explanation/pacing.md."""

from hookline.pacing.decision import Pacer, PacingDecision, PacingSnapshot, Reason
from hookline.pacing.factory import PACER_NAMES, PacerMaker, UnknownPacer, create_pacer

__all__ = [
    "PACER_NAMES",
    "Pacer",
    "PacerMaker",
    "PacingDecision",
    "PacingSnapshot",
    "Reason",
    "UnknownPacer",
    "create_pacer",
]
