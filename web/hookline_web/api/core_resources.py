"""Every resource of core, in the order in which the documentation shows them."""

from __future__ import annotations

from hookline.api import ApiResource
from hookline_web.api.resources import (
    agents,
    calls,
    campaigns,
    contacts,
    dispositions,
    imports,
    lists,
    rehearsals,
    result_pushes,
    stations,
    suppression,
    token,
)

RESOURCES: tuple[ApiResource, ...] = (
    token.RESOURCE,
    contacts.RESOURCE,
    lists.RESOURCE,
    imports.RESOURCE,
    campaigns.RESOURCE,
    rehearsals.RESOURCE,
    result_pushes.RESOURCE,
    dispositions.RESOURCE,
    calls.RESOURCE,
    agents.RESOURCE,
    stations.RESOURCE,
    suppression.RESOURCE,
)
