"""From SIPp's words to what becomes of the record: core, the SIP backend and a peer nobody here wrote, together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hookline.bootstrap import Runtime
from hookline.db.models import ContactNumber, Station
from hookline.domain.access import Role
from hookline.domain.agents import AgentState
from hookline.domain.calls import CallResult
from hookline.domain.campaigns import CallingWindow, DayWindow, RecordState
from hookline.plugin_host.host import PluginHost
from hookline.settings import Settings
from hookline.testing.centre import Centre
from hookline.testing.clock import VirtualClock
from hookline.testing.databases import lay_sqlite
from hookline.testing.telephony_rig import EventLog
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.service import TrunkDraft, TrunkService
from tests.plugins.telephony_sip.sipp_peer import SippPeer
from tests.plugins.telephony_sip.sipp_script import ANSWERS, HANGS_UP, answer_invite, expect, pause, scenario

pytestmark = pytest.mark.realtime

ONE, TWO = "+48221234567", "+48221234568"
ALL_DAY = CallingWindow({day: DayWindow(time(0), time(23, 59)) for day in range(7)})


class SipCentre(Centre):
    """The call centre of the other tests, on real SIP: its events come in real time, its clock is turned by hand."""

    def __init__(self, folder: Path) -> None:
        # SIP's events carry the true time, so the clock starts there; the contacts live where it is noon.
        self.clock = VirtualClock(datetime.now(UTC))
        folder.mkdir()
        settings = Settings(data_dir=folder, database_url=lay_sqlite(folder / "hookline.db"))
        self.runtime = Runtime(settings, self.clock, PluginHost())
        self.log = EventLog()
        self.backend = self.runtime.host.backends()["telephony_sip"]
        self.backend.start(self.runtime.engine.sink)
        self._watch_commits()
        self.client_id = self.client("Acme")
        self._trunks = TrunkService(self.runtime.db)
        self.trunk("none yet", 9)

    def close(self) -> None:
        """Hang up and let go."""
        self.backend.stop()
        super().close()

    def noon(self) -> str:
        """A time zone where it is about noon, so that no calling window is closed."""
        return f"Etc/GMT{self.clock.now().hour - 12:+d}"

    def trunk(self, name: str, port: int) -> None:
        """The next calls go there."""
        for view in self._trunks.list_trunks(self.operator):
            self._trunks.set_trunk_active(self.operator, view.record.id, False)
        self._trunks.add_trunk(
            self.operator, TrunkDraft(name=name, host="127.0.0.1", port=port, caller_id="+48221000000")
        )

    def until(self, predicate: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
        """Handle what comes in until it holds."""

        def settled() -> bool:
            self.settle()
            return predicate()

        assert self.log.wait_for(settled, seconds, look_every=0.02), what

    def agent_at(self, login: str, phone: str) -> int:
        """An agent with this SIP phone, at work."""
        user_id = self.user(login, Role.AGENT)
        self._add(Station(name=login, address=phone, user_id=user_id))
        return user_id

    def contact(self, number: str, *, client_id: int | None = None, **fields: object) -> int:
        """A contact where it is noon."""
        return super().contact(number, client_id=client_id, **{"time_zone": self.noon(), **fields})

    def number_state(self, number: str) -> str:
        """What is known of the number: valid or wrong."""
        with self.runtime.db.read() as session:
            return session.scalars(select(ContactNumber.state).where(ContactNumber.e164 == number)).one()

    def begin(self, user_id: int) -> None:
        """The agent's phone is rung and answers, and the first contact is presented."""
        actor = self.actor(user_id)
        self.runtime.agents.start_work(actor, self.runtime.agents.stations_for(actor)[0].id, None)
        self.until(lambda: self.session(user_id).state == AgentState.RESERVED, "a contact is presented")

    def dial(self, user_id: int) -> None:
        """Dial the presented contact and wait for the end of the call."""
        before = len(self.calls())
        self.runtime.work.dial(self.actor(user_id))
        self.until(lambda: len(self.calls()) > before and self.calls()[-1].ended_at is not None, "the call ends")


@pytest.fixture(scope="module")
def phones() -> Iterator[FarEndProcess]:
    """The agents' phones."""
    with FarEndProcess({"phones": [{"name": "anna", "answer_after_seconds": 0}]}) as process:
        yield process


@pytest.fixture
def sip(tmp_path: Path) -> Iterator[SipCentre]:
    """The call centre."""
    made = SipCentre(tmp_path / "data")
    yield made
    made.close()


def test_a_declined_call_is_tried_again_by_the_rule_for_declined_ones(
    sip: SipCentre, phones: FarEndProcess, tmp_path: Path
) -> None:
    anna = sip.agent_at("anna", phones.phones["anna"])
    rules = {"declined": {"delay_seconds": 3600, "max_attempts": 2}}
    campaign = sip.campaign([ONE], agents=[anna], backend="telephony_sip", window=ALL_DAY, retry_rules=rules)
    declines = answer_invite("180 Ringing") + answer_invite("603 Decline", until_acknowledged=True) + expect("ACK")
    with SippPeer("", tmp_path, script=scenario(declines)) as peer:
        sip.trunk("one", peer.port)
        sip.begin(anna)
        sip.dial(anna)
        peer.finish()
    call, record = sip.calls()[0], sip.record(campaign, ONE)
    assert (call.result, call.hangup_cause, call.network_code) == (CallResult.DECLINED, "declined", 603)
    assert record.state == RecordState.RETRY
    assert record.next_due_at is not None
    assert timedelta(seconds=3590) < record.next_due_at - sip.clock.now() <= timedelta(seconds=3600)
    assert sip.session(anna).state == AgentState.READY


def test_an_unknown_number_is_marked_wrong_and_the_agent_goes_on_in_the_same_cell(
    sip: SipCentre, phones: FarEndProcess, tmp_path: Path
) -> None:
    anna = sip.agent_at("anna", phones.phones["anna"])
    campaign = sip.campaign([ONE, TWO], agents=[anna], backend="telephony_sip", window=ALL_DAY)
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
    unknown = answer_invite("404 Not Found", until_acknowledged=True) + expect("ACK")
    with SippPeer("", folders[0], script=scenario(unknown)) as peer:
        sip.trunk("one", peer.port)
        sip.begin(anna)
        sip.dial(anna)
        peer.finish()
    call = sip.calls()[0]
    assert (call.result, call.network_code) == (CallResult.INVALID_NUMBER, 404)
    assert sip.number_state(call.number) == "wrong"
    assert sip.record(campaign, call.number).state == RecordState.DONE
    sip.until(lambda: sip.session(anna).state == AgentState.RESERVED, "the next contact is presented")
    with SippPeer("", folders[1], script=scenario(ANSWERS, pause(200), HANGS_UP)) as peer:
        sip.trunk("two", peer.port)
        sip.dial(anna)
        peer.finish()
    following = sip.calls()[1]
    assert following.result == CallResult.ANSWERED
    assert following.agent_connected_at is not None
    assert following.conversation_id == call.conversation_id
    assert sip.session(anna).state == AgentState.WRAP_UP
