"""A plugin's manifest: read without importing the plugin."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from hookline.errors import HooklineError
from hookline.text import N_, Said, Sentences
from hookline.validation import field_messages

#: Names that no plugin may have: they own tables, permissions and migrations already.
RESERVED = ("core", "hookline")


class BadManifest(HooklineError):
    """A plugin's manifest is missing or wrong; the plugin is not loaded."""

    id = "bad-manifest"


@dataclass(frozen=True)
class Manifest:
    """What a plugin says of itself.

    `core` is the range of Hookline's versions it is made for, like ">=0.1,<1.0"; empty for any. `modules` are
    importable names it cannot work without; `extra` brings them. `settings` names the marshmallow schema of its
    settings as "module:Class" inside its package (see `hookline.plugin_settings`); empty for none. `titles` and
    `summaries` hold the title and the summary in other languages.
    """

    name: str
    title: str
    package: str
    version: str
    category: str
    api: str
    core: str = ""
    summary: str = ""
    settings: str = ""
    modules: tuple[str, ...] = ()
    extra: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    summaries: Mapping[str, str] = field(default_factory=dict)
    #: Whether it comes with Hookline; not something that it says itself.
    bundled: bool = False

    def missing_modules(self) -> list[str]:
        """Required modules that are not installed, found without importing them."""
        return [m for m in self.modules if find(m) is None]

    def install_line(self) -> str:
        """What to type to get what is missing."""
        return f"pip install 'hookline[{self.extra}]'" if self.extra else "pip install " + " ".join(self.modules)

    def fits(self, version: str) -> bool:
        """Whether a version of Hookline is in the range it is made for."""
        return SpecifierSet(self.core).contains(version, prereleases=True)

    def title_in(self, language: str) -> str:
        """The title in a language, in English where there is none."""
        return self.titles.get(language, self.title)

    def summary_in(self, language: str) -> str:
        """What it does in a sentence, in English where there is none in the language."""
        return self.summaries.get(language, self.summary)


def _range(text: str) -> None:
    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise ValidationError(N_("“core” must be a range of versions, like >=0.1,<1.0.")) from error


def _text(
    *, required: bool = False, default: str = "", validate: Sequence[Callable[[str], object]] = ()
) -> fields.String:
    missing, wrong = N_("“%(field)s” is missing."), N_("“%(field)s” must be a text.")
    said: dict[str, Any] = {"required": missing, "null": missing, "invalid": wrong}
    if required:
        return fields.String(required=True, validate=validate, error_messages=said)
    return fields.String(load_default=default, validate=validate, error_messages=said)


_NO_LIST: dict[str, Any] = {
    "invalid": N_("“%(field)s” must be a list of texts."),
    "null": N_("“%(field)s” is missing."),
}
_NO_TABLE: dict[str, Any] = {
    "invalid": N_("“%(field)s” must be a table of texts, by language."),
    "null": N_("“%(field)s” is missing."),
}


class _ManifestSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    name = _text(
        required=True,
        validate=[
            validate.Regexp(
                r"^[a-z][a-z0-9_]{1,30}$",
                error=N_("“name” must be 2 to 31 small letters, digits and underscores, and begin with a letter."),
            ),
            validate.NoneOf(RESERVED, error=N_("The name is taken.")),
        ],
    )
    title = _text(required=True)
    version = _text(required=True)
    category = _text(default="workflow")
    api = _text(
        required=True,
        validate=[validate.Regexp(r"^\d+\.\d+$", error=N_("“api” must be the number of a plugin contract, like 1.0."))],
    )
    core = _text(validate=[_range])
    summary = _text()
    settings = _text(
        validate=[
            validate.Regexp(
                r"^([a-z_][a-z0-9_.]*:[A-Za-z_]\w*)?$",
                error=N_("“settings” must name a schema, like settings:SettingsSchema."),
            )
        ]
    )
    modules = fields.List(_text(), load_default=list, error_messages=_NO_LIST)
    extra = _text()
    titles = fields.Dict(keys=_text(), values=_text(), load_default=dict, error_messages=_NO_TABLE)
    summaries = fields.Dict(keys=_text(), values=_text(), load_default=dict, error_messages=_NO_TABLE)


def find(module: str) -> ModuleSpec | None:
    """Where a module would be imported from; None where it, or a package it is in, is not installed.

    Runs no code of the packages it is in, as `importlib.util.find_spec` would: they are not ours, and may raise.
    """
    names = module.split(".")
    if not all(name.isidentifier() for name in names):
        return None
    if len(names) == 1:
        try:
            return importlib.util.find_spec(module)
        except ValueError:  # the program itself: no module that a plugin may need
            return None
    parent = find(module.rpartition(".")[0])
    if parent is None or parent.submodule_search_locations is None:
        return None
    if parent.origin is None:
        importlib.import_module(parent.name)  # a namespace: it has no code, and cannot be looked through from outside
    found = (finder.find_spec(module, parent.submodule_search_locations) for finder in sys.meta_path)
    return next((spec for spec in found if spec is not None), None)


def read_manifest(entry: EntryPoint) -> Manifest:
    """Read `manifest.toml` beside the plugin package named by the entry point; raises `BadManifest`."""
    package = entry.value
    spec = find(package)
    if spec is None or not spec.submodule_search_locations:
        raise BadManifest(
            N_("Plugin %(name)s: the package %(package)s is not installed."),
            N_("Reinstall the plugin."),
            params={"name": entry.name, "package": package},
        )
    path = Path(next(iter(spec.submodule_search_locations))) / "manifest.toml"
    try:
        data = _ManifestSchema().load(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:  # no text, no TOML, or no manifest
        raise BadManifest(
            N_("Plugin %(name)s: its manifest.toml cannot be used. %(wrong)s"),
            N_("Ask the plugin's author to mend it."),
            params={"name": entry.name, "wrong": _wrong(error)},
        ) from error
    if data["name"] != entry.name:
        raise BadManifest(
            N_("Plugin %(name)s: its manifest calls it %(other)s."),
            N_("The two names must agree."),
            params={"name": entry.name, "other": data["name"]},
        )
    data["modules"] = tuple(data["modules"])
    return Manifest(package=package, bundled=is_bundled(entry), **data)


def _wrong(error: OSError | ValueError | ValidationError) -> Sentences:
    """What is wrong with a manifest, field by field."""
    if isinstance(error, ValidationError):
        return Sentences(
            Said(message, {"field": field}) for field, said in field_messages(error).items() for message in said
        )
    if isinstance(error, OSError):
        return Sentences(
            [Said(N_("It cannot be read (%(error)s)."), {"error": error.strerror or type(error).__name__})]
        )
    return Sentences([Said(N_("It is no TOML: %(error)s."), {"error": str(error).rstrip(".")})])


def is_bundled(entry: EntryPoint) -> bool:
    """Whether a plugin comes with Hookline itself, rather than in a package of somebody's."""
    return entry.dist is not None and entry.dist.name == "hookline"
