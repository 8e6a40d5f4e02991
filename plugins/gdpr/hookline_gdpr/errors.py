"""What can go wrong with consents, for the person who records them."""

from __future__ import annotations

from hookline.errors import Conflict, InvalidInput
from hookline.text import N_


class ConsentOverruled(Conflict):
    """The contact withdrew after the day on which this consent was given, so it counts for nothing."""

    id = "consent-overruled"

    def __init__(self, day: str) -> None:
        super().__init__(
            N_("The contact withdrew on %(day)s; a consent given before that counts no more."),
            N_("Record only a consent that was given after the withdrawal."),
            params={"day": day},
        )


class ConsentFileRefused(InvalidInput):
    """A file of consents cannot be used at all; nothing was recorded."""

    id = "consent-file-refused"
