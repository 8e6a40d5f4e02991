"""The codecs that cells speak."""

from __future__ import annotations

from enum import StrEnum


class Codec(StrEnum):
    """By their names in SDP."""

    PCMA = "PCMA"
    PCMU = "PCMU"
    G722 = "G722"


DEFAULT_CODECS = (Codec.PCMA, Codec.PCMU)
