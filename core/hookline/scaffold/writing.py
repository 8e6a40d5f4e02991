"""Writes the plugin's files: the templates beside this module, names filled in."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from hookline import PLUGIN_API_VERSION, __version__
from hookline.errors import HooklineError
from hookline.scaffold.naming import PluginNames
from hookline.text import N_

_SUFFIX = ".tmpl"


class FolderRefused(HooklineError):
    """The new plugin cannot be written there."""

    id = "plugin-folder-refused"


def write_plugin(names: PluginNames, folder: Path) -> list[Path]:
    """Write the plugin's files into `folder`, which must not be there yet or be empty; their paths, sorted.

    Raises FolderRefused, and then has written nothing.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderRefused(
            N_("%(folder)s is there already and not empty. Nothing was written."),
            N_("Name another folder with --dir, or move what is in it away."),
            params={"folder": str(folder)},
        )
    words, places = _words(names), {"_name_": names.name, "_package_": names.package}
    plugin = {_filled(path, places): _filled(text, words) for path, text in _templates(files(__package__) / "template")}
    try:
        for path, text in plugin.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FolderRefused(
            N_("%(folder)s cannot be written: %(why)s."),
            N_("Name another folder with --dir."),
            params={"folder": str(folder), "why": error.strerror or str(error)},
        ) from error
    return sorted(folder / path for path in plugin)


def _words(names: PluginNames) -> dict[str, str]:
    major, minor = (int(part) for part in __version__.split(".")[:2])
    # Before 1.0 a minor version may change what plugins stand on.
    core = f">={major}.{minor},<{major + 1}" if major else f">=0.{minor},<0.{minor + 1}"
    return {
        "«name»": names.name,
        "«package»": names.package,
        "«distribution»": names.distribution,
        "«command»": names.command,
        "«title»": names.title,
        "«api»": PLUGIN_API_VERSION,
        "«core»": core,
    }


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text


def _templates(folder: Traversable, below: str = "") -> list[tuple[str, str]]:
    """(path below the plugin's folder, text) of every template."""
    found: list[tuple[str, str]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _templates(entry, f"{below}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            name = entry.name.removesuffix(_SUFFIX)
            found.append((below + (".gitignore" if name == "gitignore" else name), entry.read_text(encoding="utf-8")))
    return found
