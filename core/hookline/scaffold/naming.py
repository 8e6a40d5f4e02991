"""What a new plugin may be called, and everything that is derived from its name."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from importlib.metadata import distributions, entry_points

from hookline.errors import HooklineError
from hookline.text import N_

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PLAIN = re.compile(r"[\w][\w .-]*")
#: A constraint's name begins with the plugin's, and PostgreSQL has room for 63 characters.
_SHORTEST, _LONGEST, _LONGEST_TITLE = 3, 24, 40
#: Names whose tables, settings, commands or pages would be taken for Hookline's own.
_RESERVED = frozenset({"core", "web", "hookline", "plugin", "plugins", "api", "admin", "static", "test", "tests"})


class NameRefused(HooklineError):
    """A new plugin cannot be called that."""

    id = "plugin-name-refused"


@dataclass(frozen=True)
class PluginNames:
    """What a plugin is called in which place, all of it made from `name`. `title` is for people."""

    name: str
    title: str

    @property
    def package(self) -> str:
        """The import package."""
        return f"hookline_{self.name}"

    @property
    def distribution(self) -> str:
        """What pip installs."""
        return self.package.replace("_", "-")

    @property
    def command(self) -> str:
        """Its group below `hookline`."""
        return self.name.replace("_", "-")


def names_for(name: str, title: str = "", commands: frozenset[str] = frozenset()) -> PluginNames:
    """The names of a new plugin; raises NameRefused, saying why and how it should be. `commands` are Hookline's own."""
    if not _NAME.fullmatch(name) or not _SHORTEST <= len(name) <= _LONGEST:
        raise NameRefused(
            N_("A plugin cannot be called %(name)s."),
            N_(
                "Use 3 to 24 small letters, digits and single underscores, beginning with a letter, such as"
                " acme_survey: it becomes part of table names, addresses and settings."
            ),
            params={"name": name},
        )
    names = PluginNames(name, title or name.replace("_", " ").capitalize())
    if name in _RESERVED or keyword.iskeyword(name) or names.command in commands:
        raise NameRefused(
            N_("The name %(name)s is reserved."),
            N_("Put the client's or your own name before it, such as acme_%(name)s."),
            params={"name": name},
        )
    _refuse_taken(names)
    if not _PLAIN.fullmatch(names.title) or len(names.title) > _LONGEST_TITLE:
        raise NameRefused(
            N_("The title cannot be used."), N_("Use up to 40 letters, digits, spaces, hyphens and full stops.")
        )
    return names


def _refuse_taken(names: PluginNames) -> None:
    plugins = {entry.name for entry in entry_points(group="hookline.plugins")}
    taken = names.name in plugins
    # A plugin's tables begin with its name: acme's and acme_survey's would be told apart by nobody.
    near = next((p for p in plugins if p.startswith(f"{names.name}_") or names.name.startswith(f"{p}_")), None)
    installed = {(d.metadata["Name"] or "").lower().replace("_", "-") for d in distributions()}
    if taken or names.distribution in installed:
        raise NameRefused(
            N_("A plugin %(name)s is installed already."),
            N_("Choose another name, or uninstall it first: pip uninstall %(distribution)s."),
            params={"name": names.name, "distribution": names.distribution},
        )
    if near is not None:
        raise NameRefused(
            N_("The name %(name)s is too near to the installed plugin %(near)s: their tables would be mixed up."),
            N_("Choose a name that does not begin like that one."),
            params={"name": names.name, "near": near},
        )
