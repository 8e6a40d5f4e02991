"""The stand-in holds everybody, itself included, to Twilio's official description."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.plugins.telephony_twilio.receiver import Scene
from tests.plugins.telephony_twilio.standin.accounts import CALLER_ID
from tests.plugins.telephony_twilio.standin.contract import SPEC, Answer, BrokeContract, check_answer, check_request
from tests.plugins.telephony_twilio.standin.rest import OPERATIONS
from tests.plugins.telephony_twilio.standin.signature import signature, with_body_hash
from tests.plugins.telephony_twilio.standin.spec.trim import KEPT, trimmed
from tests.plugins.telephony_twilio.standin.twiml import WrongTwiml, parsed

CALLS = f"/2010-04-01/Accounts/AC{'0' * 32}/Calls.json"
HEADERS = [("Authorization", "Basic QUM6YQ=="), ("Content-Type", "application/x-www-form-urlencoded")]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"To=%2B48221&Url=http%3A%2F%2Fx", "'From' is a required property"),
        (b"To=%2B48221&From=%2B48222&Timeout=soon", "'soon'"),
        (b"To=%2B48221&From=%2B48222&Tiemout=20", "no parameter Tiemout"),
        (b"To=%2B48221&From=%2B48222&ApplicationSid=AP1", "AP1"),
    ],
)
def test_a_request_that_the_description_does_not_allow_is_refused_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(BrokeContract, match=why):
        check_request("POST", CALLS, "", body, HEADERS)


def test_a_request_without_credentials_or_with_an_unknown_filter_is_refused() -> None:
    with pytest.raises(BrokeContract, match="Security"):
        check_request("GET", CALLS, "", b"", [])
    with pytest.raises(BrokeContract, match="no parameter State"):
        check_request("GET", CALLS, "State=busy", b"", HEADERS[:1])
    with pytest.raises(BrokeContract, match="has no POST"):
        check_request("POST", CALLS.replace("Calls", "Messages"), "", b"", HEADERS)


def test_an_id_in_the_path_is_checked_although_the_like_was_asked_before() -> None:
    path = CALLS.replace(".json", f"/CA{'1' * 32}.json")
    check_request("GET", path, "", b"", HEADERS[:1])
    with pytest.raises(BrokeContract, match="CA2"):
        check_request("GET", path.replace("CA" + "1" * 32, "CA2"), "", b"", HEADERS[:1])


def test_an_answer_that_is_not_twilios_is_refused_too() -> None:
    exchange = check_request("POST", CALLS, "", b"To=%2B48221&From=%2B48222&Url=http%3A%2F%2Fx", HEADERS)
    check_answer(exchange, Answer(201, json.dumps({"sid": "CA" + "1" * 32, "status": "queued"}).encode()))
    for told in ({"status": "dialling"}, {"sid": "CA1"}):
        with pytest.raises(BrokeContract, match="not Twilio's"):
            check_answer(exchange, Answer(201, json.dumps(told).encode()))


def test_what_was_vendored_is_what_trimming_leaves_and_each_operation_served_is_described() -> None:
    described: set[tuple[str, str]] = set()
    for name, paths in KEPT.items():
        whole: dict[str, Any] = json.loads(gzip.decompress((SPEC / f"{name}.json.gz").read_bytes()))
        assert trimmed(whole, paths) == whole
        described |= {(method, path) for path, operations in whole["paths"].items() for method in operations}
    assert set(OPERATIONS) <= described


def test_the_signature_is_the_one_of_twilios_documentation() -> None:
    form = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ]
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    hashed = with_body_hash("https://example.com/x?y=1", b"{}")
    assert (
        hashed
        == f"https://example.com/x?y=1&bodySHA256={'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'}"
    )


@pytest.mark.parametrize(
    "document",
    [
        "<Response><Say>unclosed</Response>",
        "<Answer/>",
        "<Response><Shout>hello</Shout></Response>",
        "<Response><Pause seconds='3'/></Response>",
        "<Response><Gather><Dial>+48221</Dial></Gather></Response>",
        "<Response><Dial><Conference statusCallbackEvent='start nap'>r</Conference></Dial></Response>",
    ],
)
def test_what_is_no_twiml_is_refused(document: str) -> None:
    with pytest.raises(WrongTwiml):
        parsed(document)


def test_whoever_breaks_the_rules_fails_his_test(scene: Scene) -> None:
    answer = scene.ask("POST", "Calls.json", To="+48221000001", From=CALLER_ID, Url=scene.here("/v"), Nonsense="1")
    assert answer.status_code == 400
    with pytest.raises(AssertionError, match="Nonsense"):
        scene.standin.check()
    scene.standin.faults.clear()
    scene.call("+48221000001", "<Response><Shout/></Response>")
    scene.passes(1.0)
    with pytest.raises(AssertionError, match="Shout"):
        scene.standin.check()
