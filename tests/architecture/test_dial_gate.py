"""Only the gate touches a backend's `place_call`: there is no other way to dial."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.architecture.source import packages, parsed, product_files, short

GATE = packages()["hookline"] / "services" / "gate.py"
#: The gate for people who are no contacts: transfers' and consultations' targets, agents' own telephones.
PARTY_GATE = GATE.with_name("party_gate.py")
TEST_KIT = packages()["hookline"] / "testing"
FORBIDDEN = "place_call"


def _calls(file: Path) -> list[str]:
    """Places where a file calls, or so much as mentions, the backend's method: an alias would hide a call."""
    return [
        f"{short(file)}:{node.lineno}"
        for node in ast.walk(parsed(file))
        if (isinstance(node, ast.Attribute) and node.attr == FORBIDDEN)
        or (isinstance(node, ast.Constant) and node.value == FORBIDDEN)
    ]


def test_only_the_gate_places_calls() -> None:
    others = [
        place
        for file in product_files()
        if file not in (GATE, PARTY_GATE) and TEST_KIT not in file.parents
        for place in _calls(file)
    ]
    assert not others


def test_the_gate_does_place_calls() -> None:
    assert _calls(GATE)
    assert _calls(PARTY_GATE)
