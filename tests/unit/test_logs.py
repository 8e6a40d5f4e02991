"""Logs carry no personal data and no secrets, in one form for all, with the ids of the request and the call."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from hookline import logs
from hookline.errors import NotFound
from hookline.logs import MASK, mask_text

log = structlog.get_logger("test")


class Written:
    """What was written to standard error up to now."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture
        self._text = ""

    def text(self) -> str:
        """All of it."""
        self._text += self._capture.readouterr().err
        return self._text

    def lines(self) -> list[dict[str, Any]]:
        """Line by line."""
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    """Logging set up anew."""
    monkeypatch.delenv("HOOKLINE_LOG", raising=False)
    logs.configure("debug")
    yield Written(capsys)
    structlog.contextvars.clear_contextvars()


def test_a_line_is_one_object_with_level_and_time(written: Written) -> None:
    log.info("something happened", call_id=7)
    (line,) = written.lines()
    assert (line["event"], line["level"], line["call_id"]) == ("something happened", "info", 7)
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "key",
    ["number", "e164", "phone", "email", "name", "password", "token", "first_name", "displayName", "api_token",
     "caller_id_number", "notes", "mail_password", "Authorization", "set-cookie"],
)  # fmt: skip
def test_telling_keys_are_masked_wherever_they_stand(written: Written, key: str) -> None:
    log.info("x", **{key: "Jan Kowalski"}, deep={"rows": [{key: "Jan Kowalski"}]})
    (line,) = written.lines()
    assert line[key] == MASK
    assert line["deep"] == {"rows": [{key: MASK}]}


def test_ids_and_counts_stay_readable(written: Written) -> None:
    log.info("x", contact_id=5, mail=12, numbers=3, plugin="gdpr", session_id="a1b2", nothing=None, ok=True)
    (line,) = written.lines()
    kept = {"contact_id": 5, "mail": 12, "numbers": 3, "plugin": "gdpr", "session_id": "a1b2", "nothing": None}
    assert kept.items() <= line.items()
    log.info("x", mail=48221234567)
    assert written.lines()[1]["mail"] == MASK


@pytest.mark.parametrize(
    "text",
    ["+48221234567", "+48 22 123 45 67", "+1 (202) 555-0143", "48221234567", "sip:48221234567@trunk.example",
     "tel:+48221234567", "jan.kowalski+test@example.co.uk"],
)  # fmt: skip
def test_numbers_and_addresses_are_masked_in_any_text(written: Written, text: str) -> None:
    log.warning(f"dialling {text} failed", said=[f"<{text}>"])
    told = written.text()
    assert "221234567" not in told.replace(" ", "")
    assert "5550143" not in told.replace("-", "")
    assert "kowalski" not in told


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T10:11:12.123456Z", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", "127.0.0.1:5060", "took 1732449600.123",
     "7f8e9d0c1b2a39485761", "+48 is Poland", "port 15060"],
)  # fmt: skip
def test_what_is_no_number_stays(text: str) -> None:
    assert mask_text(text) == text


@given(st.integers(10**7, 10**14), st.text(max_size=20), st.text(max_size=20))
def test_no_e164_number_gets_through_whatever_stands_around_it(digits: int, before: str, after: str) -> None:
    assert f"+{digits}" not in mask_text(f"{before} +{digits} {after}")


@dataclass
class _Contact:
    name: str = "Jan Kowalski"


def test_objects_are_named_by_their_type_only(written: Written) -> None:
    log.info("x", row=_Contact())
    assert written.lines()[0]["row"] == "<_Contact>"


def test_a_traceback_tells_where_but_not_whom(written: Written) -> None:
    try:
        try:
            raise ValueError("number +48221234567 of jan@example.com")
        except ValueError as error:
            raise NotFound("There is no %(name)s.", params={"name": "Kowalski"}) from error
    except NotFound as error:
        log.error("failed", exc_info=error)
        log.error("failed", error=error)
    told = written.lines()[0]["exception"]
    assert told.index("ValueError: number [number] of [e-mail]") < told.index("NotFound: There is no %(name)s.")
    assert "test_logs.py" in told
    assert "Kowalski" not in written.text().replace('params={\\"name\\": \\"Kowalski\\"}', "")


def test_what_libraries_log_takes_the_same_way(written: Written) -> None:
    logging.getLogger("some.library").warning("refused %s", "+48221234567")
    logging.getLogger("some.library").info("of no use to an operator")
    (line,) = written.lines()
    assert (line["event"], line["level"]) == ("refused [number]", "warning")


def test_bound_ids_come_along(written: Written) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1", call_id=9):
        log.info("inside")
    log.info("outside")
    inside, outside = written.lines()
    assert (inside["request_id"], inside["call_id"]) == ("r-1", 9)
    assert "request_id" not in outside


def test_below_the_level_nothing_is_written(written: Written) -> None:
    logs.configure("warning")
    log.info("quiet")
    log.warning("loud")
    assert [line["event"] for line in written.lines()] == ["loud"]


def test_people_get_lines_for_people(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_LOG", "console")
    logs.configure("info", "json")
    log.info("calling +48221234567", name="Jan")
    told = written.text()
    assert "calling [number]" in told
    assert "Jan" not in told
    assert not told.startswith("{")
