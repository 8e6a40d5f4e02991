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
    """Inside the block a route without defaults is compiled the first time only; it takes the rule as `self`."""
    compile_builder: Callable[[Rule, bool], _Builder] = Rule._compile_builder
    known: dict[tuple[Any, ...], _Builder] = {}

    def once(rule: Rule, append_unknown: bool = True) -> _Builder:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (*rule._trace, append_unknown)
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Rule, "_compile_builder", once)
        yield
