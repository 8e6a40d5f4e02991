"""The hook contract is whole: each hook is documented, asked, implemented by something bundled, and tested."""

from __future__ import annotations

import ast
import re
import tempfile
import textwrap
from functools import cache
from pathlib import Path

import pytest

from hookline.contributions import PluginContext
from hookline.db.database import Database
from hookline.plugin_host.host import PluginHost
from hookline.plugin_settings import PluginSettings
from hookline.ports.clock import SystemClock
from hookline.settings import Settings
from scripts.generate_reference import pages
from scripts.hook_examples import TEST_PLUGIN, examples
from scripts.hooks_reference import DOMAINS, FAILURE_POLICIES, hook_functions, kind_of, signature, since
from tests.architecture.source import packages, parsed, plugins, short
from tests.architecture.source import product_files as every_product_file
from tests.architecture.source import test_files as every_test_file

#: Hookline's own pacers are the core's, and need no plugin.
SHOWN_BY_A_TEST_PLUGIN = {"hookline_register_pacers"}
SPECS = {f.name: f for module in DOMAINS for f in hook_functions(module)}
HOST = packages()["hookline"] / "plugin_host"
KINDS = re.compile(
    r"hookline_(register_[a-z_]+s|register_navigation|[a-z_]+_refusals|select_[a-z_]+|[a-z_]+_[a-z]+(ed|t))"
)


def _parameters(function: ast.FunctionDef) -> list[str]:
    return [a.arg for a in function.args.args if a.arg != "self"]


@cache
def _facade() -> dict[str, set[str]]:
    """By hook: the methods of the plugin host that ask it."""
    found: dict[str, set[str]] = {name: set() for name in SPECS}
    for file in HOST.rglob("*.py"):
        for function in ast.walk(parsed(file)):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Constant) and node.value in found:
                        found[node.value].add(function.name)
    return found


@cache
def _implementations() -> dict[str, list[tuple[Path, ast.FunctionDef]]]:
    """By hook: bundled plugins' methods of that name marked @hookimpl."""
    found: dict[str, list[tuple[Path, ast.FunctionDef]]] = {}
    for folder in plugins().values():
        file = folder / "hooks.py"
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.FunctionDef) and any("hookimpl" in ast.unparse(m) for m in node.decorator_list):
                found.setdefault(node.name, []).append((file, node))
    return found


def test_the_host_knows_every_hook() -> None:
    assert set(SPECS) == {h for h in dir(PluginHost()._manager.hook) if h.startswith("hookline_")}


@pytest.mark.parametrize("hook", sorted(SPECS))
def test_its_name_tells_its_kind(hook: str) -> None:
    assert KINDS.fullmatch(hook)


@pytest.mark.parametrize("hook", sorted(SPECS))
def test_its_docstring_has_every_room(hook: str) -> None:
    docstring = ast.get_docstring(SPECS[hook]) or ""
    assert re.search(r"Since \d+\.\d+\.", docstring.splitlines()[0])
    rooms = ["Fires", *_parameters(SPECS[hook]), "Returns", "An error"]
    places = [re.search(rf"^{room}: \S", docstring, re.MULTILINE) for room in rooms]
    assert all(places), [room for room, place in zip(rooms, places, strict=True) if place is None]
    starts = [place.start() for place in places if place]
    assert starts == sorted(starts), "the rooms stand in one order"


@pytest.mark.parametrize("hook", sorted(SPECS))
def test_it_is_fully_typed(hook: str) -> None:
    function = SPECS[hook]
    assert function.returns is not None
    assert all(a.annotation is not None for a in function.args.args)


@pytest.mark.parametrize("hook", sorted(SPECS))
def test_it_has_a_caller(hook: str) -> None:
    """The facade asks it, and something outside the plugin host asks the facade."""
    methods = _facade()[hook]
    assert methods
    outside = [
        f for f in every_product_file() if HOST not in f.parents and packages()["hookline"] / "ports" not in f.parents
    ]
    asked = {
        node.func.attr
        for file in outside
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert methods & asked, f"nobody calls {' or '.join(sorted(methods))}"


@pytest.mark.parametrize("hook", sorted(SPECS.keys() - SHOWN_BY_A_TEST_PLUGIN))
def test_a_bundled_plugin_implements_it(hook: str) -> None:
    assert _implementations().get(hook)


def test_bundled_implementations_keep_to_the_contract() -> None:
    wrong = [
        f"{short(file)}: {name}({', '.join(_parameters(function))})"
        for name, implementations in _implementations().items()
        for file, function in implementations
        if name not in SPECS or not set(_parameters(function)) <= set(_parameters(SPECS[name]))
    ]
    assert not wrong


@pytest.mark.parametrize("hook", sorted(SPECS))
def test_a_behavioural_test_names_it(hook: str) -> None:
    words = {hook, *_facade()[hook]}
    behavioural = [f for f in every_test_file() if "architecture" not in f.parts]
    assert any(re.search(rf"\b{word}\b", f.read_text(encoding="utf-8")) for f in behavioural for word in words)


@pytest.mark.parametrize("page", sorted(pages()), ids=lambda p: p.name)
def test_the_generated_reference_is_up_to_date(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == pages()[page], "run `make reference`"


@pytest.mark.parametrize("package", sorted(plugins()))
def test_a_plugins_readme_names_its_hooks_and_permissions(package: str) -> None:
    readme = (plugins()[package].parent / "README.md").read_text(encoding="utf-8")
    hooks = [
        name for name, found in _implementations().items() if any(plugins()[package] in f.parents for f, _ in found)
    ]
    own = package.removeprefix("hookline_")
    permissions = [p for p in _host().permissions() if p.startswith(f"{own}.")]
    assert not [name for name in [*hooks, *permissions] if f"`{name}`" not in readme]


@cache
def _host() -> PluginHost:
    """A host with the bundled plugins loaded, on a database that nothing reads."""
    folder = Path(tempfile.mkdtemp())
    db = Database(f"sqlite:///{folder / 'empty.db'}", SystemClock())
    host = PluginHost()
    host.discover()
    settings = Settings(data_dir=folder, database_url="")

    def context(name: str) -> PluginContext:
        manifest = host.manifests[name]
        own = PluginSettings(name, manifest.package, manifest.settings, settings)
        return PluginContext(db, SystemClock(), own.loaded(), folder / name)

    host.load(context)
    return host


REFERENCE = next(text for page, text in pages().items() if page.name == "hooks.md")


def _entry(hook: str) -> str:
    """What the reference says of one hook."""
    return REFERENCE.split(f"### `{hook}`\n")[1].split("\n### ")[0].split("\n## ")[0]


@pytest.mark.parametrize("hook", sorted(SPECS))
def test_the_reference_tells_signature_kind_failure_policy_and_since(hook: str) -> None:
    entry = _entry(hook)
    assert f"```python\n{signature(SPECS[hook])}\n```" in entry
    assert f"*{kind_of(hook)}, since {since(SPECS[hook])}*" in entry
    assert f"**Failure policy**: {FAILURE_POLICIES[kind_of(hook)]}" in entry


@pytest.mark.parametrize("hook", sorted(SPECS))
def test_its_example_is_a_plugins_own_code(hook: str) -> None:
    example = examples()[hook]
    assert f"def {hook}(" in example.code
    for file, code in [(example.file, example.code), *example.rests_on]:
        package, _, path = file.partition("/")
        folder = TEST_PLUGIN if hook in SHOWN_BY_A_TEST_PLUGIN else plugins()[package]
        source = (folder / path).read_text(encoding="utf-8")
        assert textwrap.dedent(code) in textwrap.dedent(source) or textwrap.indent(code, "    ") in source
        assert code in _entry(hook)
