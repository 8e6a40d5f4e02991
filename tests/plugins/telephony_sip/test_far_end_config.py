"""The far end's configuration: numbers find their behaviour, mistakes are explained field by field."""

from __future__ import annotations

from typing import Any

import pytest

from hookline_telephony_sip.far_end.config import load_behaviour, load_config, load_phone
from hookline_telephony_sip.far_end.errors import FarEndConfigInvalid
from hookline_telephony_sip.far_end.network import Numbers
from hookline_telephony_sip.far_end.phones import Phones

RULES = [
    {"number": "+48 600 100 100", "behaviour": {"kind": "busy"}},
    {"prefix": "+4860", "behaviour": {"kind": "decline"}},
    {"prefix": "4860012", "behaviour": {"kind": "invalid"}},
    {"ends": "99", "behaviour": {"kind": "silent"}},
    {"ends": "4499", "behaviour": {"kind": "no_answer"}},
]


@pytest.mark.parametrize(
    ("called", "kind"),
    [
        ("+48600100100", "busy"),
        ("48600100100", "busy"),
        ("0048600100100", "busy"),
        ("+48600100101", "decline"),
        ("+48600123456", "invalid"),
        ("+48600123499", "silent"),
        ("+48600124499", "no_answer"),
        ("+4822123", "answer"),
        ("anonymous", "answer"),
    ],
)
def test_a_number_finds_its_behaviour(called: str, kind: str) -> None:
    config = load_config({"numbers": RULES})
    assert Numbers(config.numbers, config.default).find(called).behaviour.kind == kind


def test_refusals_come_at_once_and_answers_after_a_ring() -> None:
    assert load_behaviour({"kind": "busy"}).ring_seconds == 0
    assert load_behaviour({"kind": "answer"}).ring_seconds == 1
    assert load_behaviour({"kind": "busy", "ring_seconds": 2}).ring_seconds == 2


def test_phones_answer_decline_or_let_it_ring() -> None:
    names = [load_phone({"name": answer, "answer": answer}) for answer in ("auto", "never", "decline")]
    phones = Phones(tuple(names))
    kinds = [phones.find(name).behaviour.kind for name in ("auto", "never", "decline", "nobody")]
    assert kinds == ["answer", "no_answer", "decline", "invalid"]
    assert phones.find("auto").phone == "auto"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"host": "0.0.0.0"}, "host"),
        ({"host": "example.com"}, "host"),
        ({"network_prt": 1}, "network_prt"),
        ({"network_port": 70000}, "network_port"),
        ({"numbers": [{"number": "+48", "prefix": "4", "behaviour": {"kind": "busy"}}]}, "numbers.0._schema"),
        ({"numbers": [{"number": "anna", "behaviour": {"kind": "busy"}}]}, "numbers.0.number"),
        ({"numbers": [{"number": "+48"}]}, "numbers.0.behaviour"),
        ({"default": {"kind": "sing"}}, "default.kind"),
        ({"default": {"kind": "answer", "sound": {"kind": "clip"}}}, "default.sound.clips"),
        ({"default": {"kind": "answer", "sound": {"kind": "clip", "clips": ["nope"]}}}, "default.sound.clips"),
        ({"default": {"kind": "answer", "ring_seconds": -1}}, "default.ring_seconds"),
        ({"default": {"kind": "status", "reason": "a\r\nb"}}, "default.reason"),
        ({"phones": [{"name": "a b"}]}, "phones.0.name"),
        ({"phones": [{"name": "anna"}, {"name": "anna"}]}, "phones"),
    ],
)
def test_a_mistake_names_its_field(document: dict[str, Any], field: str) -> None:
    with pytest.raises(FarEndConfigInvalid) as caught:
        load_config(document)
    assert field in caught.value.fields
    assert field in str(caught.value)


def test_a_document_that_is_no_object_is_refused() -> None:
    with pytest.raises(FarEndConfigInvalid, match="not a JSON object"):
        load_config([])
