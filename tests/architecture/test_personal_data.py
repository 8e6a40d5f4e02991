"""Whoever stores personal data says so and answers for it: no table and no folder without a data holder."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import tempfile
from functools import cache
from pathlib import Path

import pytest

from hookline.bootstrap import Runtime
from hookline.data_holders import DataCategory, DataHolder
from hookline.db.base import Base
from hookline.settings import Settings
from tests.architecture.source import parsed, plugins

for _package in plugins():
    if importlib.util.find_spec(f"{_package}.models"):
        importlib.import_module(f"{_package}.models")

MODELS = {m.local_table.name: m.class_ for m in Base.registry.mappers}  # type: ignore[attr-defined]
#: A column of such a name holds something of a person, unless its model says why not.
SOUNDS_PERSONAL = re.compile(
    r"(^|_)(number|numbers|e164|phone|name|surname|email|mail|recipient|note|notes|address|login|username|city|company"
    r"|cells|custom|dtmf|external_id|value|evidence|answer|body|context|params|details|password_hash|caller_id"
    r"|contact_id|user_id)$"
)
HARMLESS = {"row_number", "see_numbers", "campaign_contact_id"}


@cache
def holders() -> list[DataHolder]:
    """Core's and the bundled plugins'."""
    folder = Path(tempfile.mkdtemp())
    runtime = Runtime(Settings(data_dir=folder, database_url=f"sqlite:///{folder / 'empty.db'}"))
    found = runtime.data_register.holders()
    runtime.close()
    return found


@pytest.mark.parametrize("table", sorted(MODELS))
def test_a_personal_table_has_a_holder(table: str) -> None:
    if MODELS[table].personal:
        assert [h.name for h in holders() if table in h.tables], "register a data holder (hookline.data_holders)"
    else:
        assert not [h.name for h in holders() if table in h.tables], "a holder names a table without personal columns"


@pytest.mark.parametrize("table", sorted(MODELS))
def test_a_column_that_sounds_personal_is_marked(table: str) -> None:
    model = MODELS[table]
    sounding = {c.name for c in model.__table__.columns if SOUNDS_PERSONAL.search(c.name)} - HARMLESS
    assert sounding <= {*model.personal, *model.impersonal}, "say `personal = marks(…)` or `impersonal = marks(…)`"


@pytest.mark.parametrize("table", sorted(MODELS))
def test_marks_name_columns_and_categories_that_exist(table: str) -> None:
    model = MODELS[table]
    columns = {c.name for c in model.__table__.columns}
    assert {*model.personal, *model.impersonal} <= columns
    assert set(model.personal.values()) <= {c.value for c in DataCategory}
    assert not set(model.personal) & set(model.impersonal)
    assert all(len(reason) > 4 for reason in model.impersonal.values())


def test_holders_name_tables_that_exist_and_are_their_own() -> None:
    for holder in holders():
        assert holder.tables <= set(MODELS), holder.name
        for table in holder.tables:
            package = MODELS[table].__module__.split(".")[0]
            assert package == ("hookline" if holder.owner == "core" else f"hookline_{holder.owner}")


@pytest.mark.parametrize("holder", holders(), ids=lambda h: h.name)
def test_a_holder_says_everything_the_register_asks_for(holder: DataHolder) -> None:
    assert all((holder.title, holder.what, holder.why))
    assert holder.retention_days >= 0
    assert holder.tables or holder.file_stores
    assert re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", holder.name)


def test_the_categories_of_columns_are_held_in_that_category() -> None:
    """A period that is set for a category reaches every column of it."""
    lost = [
        f"{table}.{column}"
        for table, model in MODELS.items()
        for column, category in model.personal.items()
        if not any(table in h.tables and h.category.value == category for h in holders())
    ]
    assert not lost


def test_every_folder_of_files_has_a_holder() -> None:
    folders = {n.removesuffix("_dir") for n in dir(Settings) if n.endswith("_dir")} - {"data"}
    held = {store for holder in holders() for store in holder.file_stores}
    assert folders <= held
    for package, folder in plugins().items():
        name = package.removeprefix("hookline_")
        uses = any(
            isinstance(node, ast.Attribute) and node.attr == "data_dir"
            for file in folder.rglob("*.py")
            for node in ast.walk(parsed(file))
        )
        assert not uses or any(h.owner == name and h.file_stores for h in holders()), f"{name} keeps files"
