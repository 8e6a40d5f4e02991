"""The plugin's hook implementations; thin, they delegate."""

from __future__ import annotations

from hookline.contributions import NavigationItem, Permission, PluginContext, WebPart
from hookline.data_holders import DataHolder
from hookline.hookspecs import hookimpl
from hookline.ports.scripts import ScriptEngine
from hookline.text import N_
from hookline_scripts.engine import ScriptsEngine
from hookline_scripts.holders import answer_holder
from hookline_scripts.lookups import Lookups
from hookline_scripts.permissions import MANAGE, PERMISSIONS
from hookline_scripts.results import ScriptReports
from hookline_scripts.service import ScriptService
from hookline_scripts.settings import ScriptsSettings
from hookline_scripts.views import make_blueprint


class Hooks:
    """Made once at start."""

    def __init__(self, context: PluginContext) -> None:
        settings: ScriptsSettings = context.settings
        self._engine = ScriptsEngine(context.db, Lookups(settings.lookup_hosts))
        self._service = ScriptService(context.db)
        self._reports = ScriptReports(context.db, self._service)

    @hookimpl
    def hookline_register_script_engines(self) -> list[ScriptEngine]:
        """The engine "scripts"."""
        return [self._engine]

    @hookimpl
    def hookline_register_permissions(self) -> list[Permission]:
        """scripts.manage."""
        return PERMISSIONS

    @hookimpl
    def hookline_register_web_parts(self) -> list[WebPart]:
        """Administration pages."""
        return [WebPart(make_blueprint(self._service, self._reports))]

    @hookimpl
    def hookline_register_navigation(self) -> list[NavigationItem]:
        """The menu entry."""
        return [NavigationItem(N_("Scripts"), "scripts.index", MANAGE, section="admin", icon="message-2", order=30)]

    @hookimpl
    def hookline_register_data_holders(self) -> list[DataHolder]:
        """The answers given in calls."""
        return [answer_holder()]
