"""From SIP's words to the field's."""

from __future__ import annotations

import pytest

from hookline.ports.telephony import HangupCause
from hookline_telephony_sip.causes import SIP_CAUSES, Asked, hangup_cause


@pytest.mark.parametrize("code", range(300, 700))
def test_every_refusal_has_a_cause_and_only_the_table_decides_it(code: int) -> None:
    cause = hangup_cause(answered=False, asked=Asked.NOBODY, code=code)
    assert cause is SIP_CAUSES.get(code, HangupCause.FAILED)
    assert cause not in (HangupCause.NORMAL, HangupCause.LOCAL, HangupCause.CANCELLED, HangupCause.LOST)


@pytest.mark.parametrize("code", [0, 200, 408, 487, 503])
def test_what_we_asked_for_wins_over_the_code(code: int) -> None:
    assert hangup_cause(answered=False, asked=Asked.COMMAND, code=code) is HangupCause.CANCELLED
    assert hangup_cause(answered=False, asked=Asked.RING_TIMER, code=code) is HangupCause.NO_ANSWER
    assert hangup_cause(answered=True, asked=Asked.COMMAND, code=code) is HangupCause.LOCAL
    assert hangup_cause(answered=True, asked=Asked.NO_SOUND, code=code) is HangupCause.LOST


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (0, HangupCause.NORMAL),
        (200, HangupCause.NORMAL),
        (408, HangupCause.LOST),  # a re-INVITE that nobody answered
        (415, HangupCause.LOST),  # an answer in a codec that we have not got
        (481, HangupCause.LOST),  # the far side knows nothing of the call
    ],
)
def test_an_answered_call_that_ends_in_an_error_is_lost(code: int, cause: HangupCause) -> None:
    assert hangup_cause(answered=True, asked=Asked.NOBODY, code=code) is cause


def test_a_bye_before_the_answer_is_no_answer() -> None:
    assert hangup_cause(answered=False, asked=Asked.NOBODY, code=200) is HangupCause.NO_ANSWER


def test_an_unanswered_call_that_ends_without_a_code_failed() -> None:
    assert hangup_cause(answered=False, asked=Asked.NOBODY, code=0) is HangupCause.FAILED
