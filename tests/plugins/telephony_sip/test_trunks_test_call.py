"""Test calls over real SIP to the far end: what is found out, what is said, and whom they must not reach."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hookline.bootstrap import Runtime
from hookline.db.models import Suppression
from hookline.errors import NotFound
from hookline.ports.telephony import HangupCause
from hookline_telephony_sip.advice import verdict
from hookline_telephony_sip.errors import TestCallRefused, TestCallRunning
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.guards import number_for_test
from hookline_telephony_sip.ping import ping
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trials import Progress, Stage, Trial, Trials
from hookline_telephony_sip.trunk import Trunk
from hookline_web.testing import People
from tests.plugins.places import make_place
from tests.plugins.telephony_sip.sip_legs import trunk_to

pytestmark = pytest.mark.realtime

HOME = "+48221000000"
NUMBERS = {
    "+48220000001": {"kind": "answer", "ring_seconds": 0.2, "sound": {"kind": "tone"}},
    "+48220000002": {"kind": "busy"},
    "+48220000003": {"kind": "invalid"},
    "+48220000004": {"kind": "status", "status": 403},
    "+48220000005": {"kind": "unreachable"},
    "+48220000006": {"kind": "decline"},
    "+48220000007": {"kind": "no_answer"},
    "+48220000008": {"kind": "status", "status": 488},
    "+48220000009": {"kind": "answer", "ring_seconds": 0, "hang_up_after_seconds": 0.3},
}
CONFIG = {"numbers": [{"number": number, "behaviour": behaviour} for number, behaviour in NUMBERS.items()]}


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    """The telephone network."""
    with FarEndProcess(CONFIG) as process:
        yield process


@pytest.fixture
def trials() -> Trials:
    """Test calls."""
    return Trials(SipSettings())


def _until(found: Callable[[], Any], seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.05)
    return value


def _over(trials: Trials, trunk: Trunk, number: str) -> Progress:
    progress = trials.begin(1, trunk, number).wait(60.0)
    assert progress.over
    return progress


def test_an_answered_call_with_sound_passes(trials: Trials, far_end: FarEndProcess) -> None:
    progress = _over(trials, trunk_to(far_end.network), "+48220000001")
    assert progress.passed
    assert progress.pong is not None
    assert progress.pong.code == 200
    assert progress.rang_after is not None
    assert progress.answered_after is not None
    assert progress.rang_after <= progress.answered_after
    assert progress.received is not None
    assert progress.received > 100  # of 150 in three seconds
    assert progress.cause is HangupCause.LOCAL
    found = verdict(progress)
    assert found is not None
    assert found.tone == "ok"
    assert not far_end.control.calls()


@pytest.mark.parametrize(
    ("number", "code", "cause", "words"),
    [
        ("+48220000002", 486, HangupCause.BUSY, "busy"),
        ("+48220000003", 404, HangupCause.INVALID_NUMBER, "number format"),
        ("+48220000004", 403, HangupCause.FAILED, "log-in"),
        ("+48220000005", 503, HangupCause.UNREACHABLE, "firewall"),
        ("+48220000006", 603, HangupCause.DECLINED, "declined"),
        ("+48220000008", 488, HangupCause.FAILED, "G.711"),
    ],
)
def test_a_refusal_is_said_in_plain_words(
    trials: Trials, far_end: FarEndProcess, number: str, code: int, cause: HangupCause, words: str
) -> None:
    progress = _over(trials, trunk_to(far_end.network), number)
    assert (progress.code, progress.cause, progress.passed) == (code, cause, False)
    found = verdict(progress)
    assert found is not None
    assert words in f"{found.title} {found.advice}"


def test_a_call_that_the_other_side_ends_early_proves_no_sound(trials: Trials, far_end: FarEndProcess) -> None:
    progress = _over(trials, trunk_to(far_end.network), "+48220000009")
    assert progress.answered_after is not None
    assert progress.received is None
    assert not progress.passed


def test_a_ringing_call_can_be_stopped_and_is_the_only_one(trials: Trials, far_end: FarEndProcess) -> None:
    trial = trials.begin(1, trunk_to(far_end.network), "+48220000007")
    _until(lambda: trial.progress.stage is Stage.RINGING)
    assert verdict(trial.progress) is None
    with pytest.raises(TestCallRunning):
        trials.begin(2, trunk_to(far_end.network), "+48220000001")
    trial.stop()
    progress = trial.wait(60.0)
    assert (progress.over, progress.stopped, progress.cause) == (True, True, HangupCause.CANCELLED)
    assert _over(trials, trunk_to(far_end.network), "+48220000002").over


def test_only_who_placed_it_sees_it(trials: Trials, far_end: FarEndProcess) -> None:
    trial = trials.begin(1, trunk_to(far_end.network), "+48220000002")
    assert trials.get(1, trial.id) is trial
    with pytest.raises(NotFound):
        trials.get(2, trial.id)
    assert trial.wait(60.0).over


def test_a_log_in_that_fails_points_at_the_credentials(trials: Trials) -> None:
    with FarEndProcess({"login": {"username": "acme", "password": "right"}}) as network:
        right = _over(trials, trunk_to(network.network, "acme", "right"), "+48220000001")
        wrong = _over(trials, trunk_to(network.network, "acme", "wrong"), "+48220000001")
    assert right.passed
    assert wrong.code in (401, 403, 407)
    found = verdict(wrong)
    assert found is not None
    assert "password" in found.advice or "log-in" in found.advice


def test_nobody_at_the_port_is_found_out_without_a_call(trials: Trials) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    progress = _over(trials, trunk_to(f"127.0.0.1:{port}"), "+48220000001")
    assert progress.pong is not None
    assert progress.pong.problem == "closed"
    found = verdict(progress)
    assert found is not None
    assert "firewall" in found.advice


def test_a_provider_outside_needs_another_bind_address(trials: Trials) -> None:
    progress = _over(trials, trunk_to("192.0.2.10:5060"), "+48220000001")
    found = verdict(progress)
    assert found is not None
    assert "bind_address" in found.advice


def test_a_ping_ignores_what_is_no_reply_to_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(10.0)

        def chatter() -> None:
            _request, sender = peer.recvfrom(4096)
            for noise in (b"", b"hello", b"SIP/2.0 200 OK\r\nCall-ID: other\r\n\r\n", b"SIP/2.0 abc\r\n", bytes(3000)):
                peer.sendto(noise, sender)

        talking = threading.Thread(target=chatter)
        talking.start()
        pong = ping("127.0.0.1", peer.getsockname()[1], "127.0.0.1")
        talking.join()
    assert (pong.code, pong.problem) == (0, "silent")


def test_a_cell_that_dies_ends_the_test_call(trials: Trials, far_end: FarEndProcess) -> None:
    trial = trials.begin(1, trunk_to(far_end.network), "+48220000007")
    _until(lambda: trial.progress.stage is Stage.RINGING)
    os.kill(_cell_of(trial), signal.SIGKILL)
    progress = trial.wait(60.0)
    assert (progress.over, progress.cause) == (True, HangupCause.LOST)


def _cell_of(trial: Trial) -> int:
    assert trial.cell_pid is not None
    return trial.cell_pid


@pytest.mark.parametrize("text", ["112", "+48112", "999", "0048 112", "+48 700 000 000", "19222", "hello", "", "22 1"])
def test_numbers_that_nobody_may_test_with(runtime: Runtime, text: str) -> None:
    with pytest.raises(TestCallRefused) as refused:
        number_for_test(runtime.db, text, HOME, None)
    assert refused.value.fields["number"]


def test_a_national_number_is_one_of_the_caller_ids_country(runtime: Runtime) -> None:
    assert number_for_test(runtime.db, "22 000 00 01", HOME, None) == "+48220000001"
    assert number_for_test(runtime.db, "+49 30 23125 001", "", None) == "+493023125001"
    with pytest.raises(TestCallRefused):
        number_for_test(runtime.db, "22 000 00 01", "", None)


def test_contacts_are_not_called_to_test_a_trunk(runtime: Runtime, people: People) -> None:
    place = make_place(runtime, people.acme, people.agent)
    with pytest.raises(TestCallRefused) as refused:
        number_for_test(runtime.db, place.number, HOME, people.globex)
    assert "contact" in refused.value.fields["number"][0]


def test_suppressed_numbers_are_refused_where_they_are_suppressed(runtime: Runtime, people: People) -> None:
    with runtime.db.write() as unit:
        for number, client in (("+48220000001", people.acme), ("+48220000002", None)):
            unit.session.add(
                Suppression(client_id=client, e164=number, reason="asked", source="call", created_at=unit.clock.now())
            )
    for number, client in (("+48220000001", people.acme), ("+48220000001", None), ("+48220000002", people.globex)):
        with pytest.raises(TestCallRefused):
            number_for_test(runtime.db, number, HOME, client)
    assert number_for_test(runtime.db, "+48220000001", HOME, people.globex)
