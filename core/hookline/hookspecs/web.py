"""Hooks of the web page."""

from __future__ import annotations

from hookline.api import ApiResource
from hookline.contributions import NavigationItem, Panel, Permission, WebPart
from hookline.hookspecs.markers import hookspec


@hookspec
def hookline_register_permissions() -> list[Permission]:
    """Contribute permissions and the roles that hold them by default. Since 1.0.

    Fires: once at start.
    Returns: permissions named "<plugin>.<act>"; empty for none. A name clash is a start-up error.
    An error: the plugin is marked failed; its pages answer 404.
    """


@hookspec
def hookline_register_web_parts() -> list[WebPart]:
    """Contribute the plugin's Flask blueprint. Since 1.0.

    Fires: once per Flask app, while it is built.
    Returns: at most one WebPart, its blueprint named as the plugin; it is mounted at /p/<plugin>/. Every view needs a
    declared permission unless marked public.
    An error: the plugin is marked failed; its pages answer 404, the rest works.
    """


@hookspec
def hookline_register_navigation() -> list[NavigationItem]:
    """Contribute menu entries. Since 1.0.

    Fires: once per Flask app, while it is built.
    Returns: entries; empty for none.
    An error: the plugin is marked failed; its entries are missing.
    """


@hookspec
def hookline_register_panels() -> list[Panel]:
    """Contribute panels for named slots of core's pages. Since 1.0.

    Fires: once per Flask app, while it is built.
    Returns: panels; empty for none. A panel that raises while it is rendered becomes an error card.
    An error: the plugin is marked failed; its panels are missing.
    """


@hookspec
def hookline_register_api_resources() -> list[ApiResource]:
    """Contribute resources of the JSON API. Since 1.0.

    Fires: once per Flask app, while it is built.
    Returns: resources, mounted at /api/v1/<plugin>/<name> and described in the OpenAPI document; empty for none. Every
    operation names the permission it needs.
    An error: the plugin is marked failed; its resources answer 404, the rest works.
    """
