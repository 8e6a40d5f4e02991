"""How keypad digits travel on a trunk."""

from __future__ import annotations

from enum import StrEnum


class DtmfMethod(StrEnum):
    """Both ways, in and out."""

    RFC4733 = "rfc4733"  # as events in the RTP stream
    INFO = "info"  # as SIP INFO requests
