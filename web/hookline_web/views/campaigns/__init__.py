"""Campaigns: built, started, watched, explained."""

from __future__ import annotations

from hookline.contributions import NavigationItem
from hookline.text import N_
from hookline_web.views.campaigns import dialler, editing, life, pages, pushes, records, rehearsals, required, results
from hookline_web.views.campaigns.blueprint import blueprint

NAVIGATION = (NavigationItem(N_("Campaigns"), "campaigns.index", "campaigns.view", "supervise", "target-arrow", 10),)

__all__ = [
    "NAVIGATION",
    "blueprint",
    "dialler",
    "editing",
    "life",
    "pages",
    "pushes",
    "records",
    "rehearsals",
    "required",
    "results",
]
