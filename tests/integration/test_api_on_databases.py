"""The JSON API answers alike on every database."""

from __future__ import annotations

from pathlib import Path

from tests.web import api_world
from tests.web.test_api_access import check_that_everything_answers, check_that_nothing_foreign_exists


def test_every_operation_answers_and_keeps_to_its_client(tmp_path: Path, database_url: str) -> None:
    world = api_world.build(tmp_path / "data", database_url)
    try:
        check_that_nothing_foreign_exists(world)
        check_that_everything_answers(world)
    finally:
        world.centre.close()
