"""Routes for tests: an app has hundreds, the same for every test, and werkzeug writes and compiles code for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.routing import Rule

_Builder = Callable[..., tuple[str, str]]


@contextmanager
def compiled_once() -> Iterator[None]:
    """Inside the block a route is read and compiled the first time only (its builder, unless it has defaults)."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Rule, "_parse_rule", _parsed_once(Rule._parse_rule))
        patched.setattr(Rule, "_compile_builder", _built_once(Rule._compile_builder))
        yield


def _parsed_once(parse_rule: Callable[[Rule, str], Any]) -> Callable[[Rule, str], Any]:
    """As `parse_rule`, which leaves in the rule what it found: each such rule gets a copy of that.

    Apps under test have the same converters; a converter takes nothing from the map it was made for.
    """
    known: dict[str, tuple[Any, ...]] = {}

    def once(rule: Rule, text: str) -> Any:
        if text not in known:
            before = len(rule._trace)
            parts = list(parse_rule(rule, text))
            known[text] = (parts, rule._trace[before:], dict(rule._converters), set(rule._converters))
            return parts
        parts, trace, converters, arguments = known[text]
        rule._trace += trace
        rule._converters.update(converters)
        rule.arguments |= arguments
        return parts

    return once


def _built_once(compile_builder: Callable[[Rule, bool], _Builder]) -> Callable[..., _Builder]:
    """As `compile_builder`; what it makes takes the rule as `self`."""
    known: dict[tuple[Any, ...], _Builder] = {}

    def once(rule: Rule, append_unknown: bool = True) -> _Builder:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (*rule._trace, append_unknown)
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]

    return once
