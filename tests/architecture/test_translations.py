"""Every message that a person may read is there in Polish, read and finished."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog, Message

from scripts.translations import catalogue_file, extracted, packages, stored

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")
WITH_MESSAGES = {name: folder for name, folder in packages().items() if any(m.id for m in extracted(folder))}


def _keys(catalogue: Catalog) -> set[tuple[str, str | None]]:
    return {(_first(message), message.context) for message in catalogue if message.id}


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _translations(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [])


@pytest.mark.parametrize("package", sorted(WITH_MESSAGES))
def test_every_message_of_the_source_is_in_the_catalogue(package: str) -> None:
    folder = WITH_MESSAGES[package]
    missing = _keys(extracted(folder)) - _keys(stored(catalogue_file(folder, "pl"), "pl"))
    assert not missing, "run `make translations`, then translate"


@pytest.mark.parametrize("package", sorted(WITH_MESSAGES))
def test_every_message_is_translated(package: str) -> None:
    catalogue = stored(catalogue_file(WITH_MESSAGES[package], "pl"), "pl")
    unfinished = [
        _first(message)
        for message in catalogue
        if message.id and (message.fuzzy or not all(_translations(message)) or not _translations(message))
    ]
    assert not unfinished


@pytest.mark.parametrize("package", sorted(WITH_MESSAGES))
def test_translations_fill_in_what_the_message_does(package: str) -> None:
    """A placeholder that is missing loses the reader a fact; one too many raises where it is shown."""
    catalogue = stored(catalogue_file(WITH_MESSAGES[package], "pl"), "pl")
    wrong = [
        _first(message)
        for message in catalogue
        if message.id and isinstance(message.id, str)
        for translation in _translations(message)
        if translation and set(PLACEHOLDER.findall(message.id)) != set(PLACEHOLDER.findall(translation))
    ]
    assert not wrong
