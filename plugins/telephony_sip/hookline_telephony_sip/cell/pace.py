"""How fast a cell sets calls up."""

from __future__ import annotations

DIAL_PAUSE_SECONDS = 0.025
"""Between two set-ups of one cell: the library is safe at some 40 a second."""
