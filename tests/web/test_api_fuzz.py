"""Whatever a program sends by the API's document, the answer is one that the document knows, and never a crash."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web import api_world
from tests.web.api_world import World

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
QUICK, THOROUGH = 4, 60


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = api_world.build(tmp_path_factory.mktemp("world"))
    made.app.config["PROPAGATE_EXCEPTIONS"] = False
    yield made
    made.centre.close()


def _fuzz(world: World, mode: GenerationMode, examples: int) -> int:
    """Send each operation that many made-up requests; returns how many were sent."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", world.app)
    return sum(_send(world, found.ok(), mode, examples) for found in schema.get_all_operations())


def _send(world: World, operation: Any, mode: GenerationMode, examples: int) -> int:
    headers = {"Authorization": f"Bearer {world.program().secret}"}  # a token of its own has a limit of its own
    sent: list[int] = []

    @seed(0)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def send(case: Any, real: bool) -> None:
        if real:
            case.path_parameters = {name: world.ours[name] for name in case.path_parameters or {}}
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)
        sent.append(answer.status_code)

    send()
    return len(sent)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_no_request_breaks_it(world: World, mode: GenerationMode) -> None:
    assert _fuzz(world, mode, QUICK) > 100


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_no_request_breaks_it_in_the_long_run(world: World, mode: GenerationMode) -> None:
    assert _fuzz(world, mode, THOROUGH) > 1000
