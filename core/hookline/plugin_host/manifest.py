"""A plugin's manifest: read without importing the plugin."""

from __future__ import annotations

import importlib.util
import tomllib
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint
from pathlib import Path

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from hookline.errors import HooklineError


class BadManifest(HooklineError):
    """A plugin's manifest is missing or wrong; the plugin is not loaded."""

    id = "bad-manifest"


@dataclass(frozen=True)
class Manifest:
    """What a plugin says of itself. `modules` are importable names it cannot work without; `extra` brings them."""

    name: str
    title: str
    package: str
    version: str
    category: str
    api: str
    modules: tuple[str, ...] = ()
    extra: str = ""

    def missing_modules(self) -> list[str]:
        """Required modules that are not installed, found without importing them."""
        return [m for m in self.modules if _find(m) is None]

    def install_line(self) -> str:
        """What to type to get what is missing."""
        return f"pip install 'hookline[{self.extra}]'" if self.extra else "pip install " + " ".join(self.modules)


class _ManifestSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    name = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{1,30}$"))
    title = fields.String(required=True)
    version = fields.String(required=True)
    category = fields.String(load_default="workflow")
    api = fields.String(required=True, validate=validate.Regexp(r"^\d+\.\d+$"))
    modules = fields.List(fields.String(), load_default=list)
    extra = fields.String(load_default="")


def _find(module: str) -> ModuleSpec | None:
    """Where a module would be imported from; None where it, or a package it is in, is not installed."""
    try:
        return importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None


def read_manifest(entry: EntryPoint) -> Manifest:
    """Read `manifest.toml` beside the plugin package named by the entry point; raises `BadManifest`."""
    package = entry.value
    spec = _find(package)
    if spec is None or not spec.submodule_search_locations:
        raise BadManifest(f"Plugin {entry.name}: the package {package} is not installed.", "Reinstall the plugin.")
    path = Path(next(iter(spec.submodule_search_locations))) / "manifest.toml"
    try:
        data = _ManifestSchema().load(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadManifest(
            f"Plugin {entry.name}: its manifest.toml cannot be used ({error}).",
            "Ask the plugin's author to mend it.",
        ) from error
    if data["name"] != entry.name:
        raise BadManifest(f"Plugin {entry.name}: its manifest calls it {data['name']}.", "The two names must agree.")
    data["modules"] = tuple(data["modules"])
    return Manifest(package=package, **data)
