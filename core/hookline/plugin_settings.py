"""Plugins' settings: one contract, so that core can check, show and ask for them.

A plugin names a marshmallow schema in its manifest, `settings = "settings:SettingsSchema"`. Each field says with
`says()` what it is for. Values come from the table `[plugins.<name>]` of hookline.toml, overridden by the environment
(`HOOKLINE_<PLUGIN>__<FIELD>`, or `…_FILE` for the path of a file that holds the value). A secret field is taken from
the environment or a file only. What the schema loads is handed to the plugin as `PluginContext.settings`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, missing

from hookline.errors import HooklineError
from hookline.settings import PREFIX, BadSettings, Settings, from_environment
from hookline.text import N_

MASK = "••••••"


def says(title: str, description: str, *, secret: bool = False) -> dict[str, Any]:
    """A settings field's metadata: its title and help (message ids), and whether nobody may see it once it is set."""
    return {"title": title, "description": description, "secret": secret}


class Source(StrEnum):
    """Where a setting's value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class SettingView:
    """A setting as it is shown: a secret's value is a mask, or "" where it is not set. `variable` overrides it."""

    name: str
    title: str
    description: str
    secret: bool
    value: Any
    source: Source
    variable: str


class NoSettings(HooklineError):
    """A plugin's settings schema cannot be had."""

    id = "no-plugin-settings"


@dataclass(frozen=True)
class PluginSettings:
    """The settings of one plugin in one installation. `reference` is its manifest's `settings`, "" for none."""

    plugin: str
    package: str
    reference: str
    settings: Settings

    def loaded(self) -> Any:
        """What the plugin is given: its schema's own result, {} without a schema. Raises BadSettings, NoSettings."""
        schema = self.schema()
        given = {name: value for name, (value, _source) in self.given(schema).items()}
        if schema is None:
            return {}
        try:
            return schema.load(given, unknown=RAISE)
        except ValidationError as error:
            raise self._unusable(_told(error.messages)) from error

    def schema(self) -> Schema | None:
        """Its schema, imported from the plugin; None where it declares none."""
        if not self.reference:
            return None
        module, _, name = self.reference.partition(":")
        try:
            made: Schema = getattr(importlib.import_module(f"{self.package}.{module}"), name)()
        except Exception as error:
            raise NoSettings(
                N_("The settings schema %(schema)s of plugin %(plugin)s cannot be loaded: %(error)s."),
                N_("Ask the plugin's author to mend its manifest or its schema."),
                params={"schema": self.reference, "plugin": self.plugin, "error": str(error)},
            ) from error
        return made

    def given(self, schema: Schema | None) -> dict[str, tuple[Any, Source]]:
        """What is set, by name, with its source. BadSettings for a secret in the file, or where none are read."""
        table = self.settings.plugins.get(self.plugin, {})
        if schema is None:
            if table:
                raise self._unusable(f"{', '.join(sorted(table))}: the plugin has no settings")
            return {}
        found: dict[str, tuple[Any, Source]] = {name: (value, Source.FILE) for name, value in table.items()}
        for name, field in schema.fields.items():
            if is_secret(field) and name in table:
                raise self._secret_in_file(name)
            if (text := from_environment(self.variable(name), self.settings.environment)) is not None:
                found[name] = (text.split(",") if isinstance(field, fields.List) else text, Source.ENVIRONMENT)
        return found

    def views(self) -> list[SettingView]:
        """Every setting as it stands, for showing. Raises as `loaded`."""
        schema = self.schema()
        given = self.given(schema)
        return [self._view(name, field, given) for name, field in (schema.fields if schema else {}).items()]

    def variable(self, name: str) -> str:
        """The environment variable that sets a field."""
        return f"{PREFIX}{self.plugin.upper()}__{name.upper()}"

    def _view(self, name: str, field: fields.Field[Any], given: Mapping[str, tuple[Any, Source]]) -> SettingView:
        default = "" if field.load_default in (missing, None) else field.load_default
        value, source = given.get(name, (default() if callable(default) else default, Source.DEFAULT))
        if is_secret(field):
            value = MASK if value else ""
        title, description = field.metadata.get("title", name), field.metadata.get("description", "")
        return SettingView(name, title, description, is_secret(field), value, source, self.variable(name))

    def _unusable(self, wrong: str) -> BadSettings:
        return BadSettings(
            N_("The settings of plugin %(plugin)s cannot be used: %(wrong)s."),
            N_("Mend [plugins.%(plugin)s] in hookline.toml, or the variables %(variables)s."),
            params={"plugin": self.plugin, "wrong": wrong, "variables": self.variable("…")},
        )

    def _secret_in_file(self, name: str) -> BadSettings:
        return BadSettings(
            N_("%(name)s of plugin %(plugin)s is secret: it must not be in hookline.toml, which is copied and shared."),
            N_("Take it out there; set %(variable)s, or %(variable)s_FILE to the path of a file that holds it."),
            params={"plugin": self.plugin, "name": name, "variable": self.variable(name)},
        )


def is_secret(field: fields.Field[Any]) -> bool:
    """Whether a field's value is never stored in a settings file, and never shown."""
    return bool(field.metadata.get("secret"))


def _told(messages: Any) -> str:
    if isinstance(messages, Mapping):
        return "; ".join(f"{name}: {_told(texts)}" for name, texts in messages.items())
    if isinstance(messages, list | tuple):
        return " ".join(_told(text) for text in messages)
    return str(messages).rstrip(".")
