"""The plugin's hook implementations; thin, they delegate."""

from __future__ import annotations

from hookline.contributions import NavigationItem, Permission, PluginContext, WebPart
from hookline.hookspecs import hookimpl
from hookline.text import N_
from hookline_monitoring.permissions import PERMISSIONS, WATCH
from hookline_monitoring.service import BoardService
from hookline_monitoring.views import make_blueprint


class Hooks:
    """Made once at start."""

    def __init__(self, context: PluginContext) -> None:
        self._service = BoardService(context.db, context.settings)

    @hookimpl
    def hookline_register_permissions(self) -> list[Permission]:
        """monitoring.watch."""
        return PERMISSIONS

    @hookimpl
    def hookline_register_web_parts(self) -> list[WebPart]:
        """The board."""
        return [WebPart(make_blueprint(self._service))]

    @hookimpl
    def hookline_register_navigation(self) -> list[NavigationItem]:
        """The menu entry."""
        return [
            NavigationItem(
                N_("Agents now"), "monitoring.index", WATCH, section="supervise", icon="heart-rate-monitor", order=10
            )
        ]
