"""Whatever a plugin does, the others and core go on: error budget, quarantine, deadlines, times, memory."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hookline.domain.dialling import Refusal
from hookline.errors import HooklineError
from hookline.plugin_host import asking, dispatch, timings
from hookline.plugin_host.faults import Budget, fault_of, impersonal
from hookline.plugin_host.host import PluginHost, PluginState
from hookline.plugin_memory import MemoryWatch
from tests.unit.adversaries import CALL, REQUEST, Breaks, Hangs, Sound, exits, raises
from tests.unit.plugin_packages import HOOKS, PluginFolder, plugin_folder

DEADLINE = 10.0


@pytest.fixture
def host() -> Iterator[PluginHost]:
    made = PluginHost(budget=Budget(errors=3, seconds=600))
    yield made
    made.close()


@pytest.fixture
def sound(host: PluginHost) -> Sound:
    """A plugin that works, beside each adversary."""
    made = Sound()
    host.register("sound", made)
    return made


def _refusals(host: PluginHost) -> dict[str, tuple[Refusal, ...]]:
    return {answer.plugin: answer.refusals for answer in host.dial_refusals(REQUEST)}


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.005)


# Raising


@pytest.mark.parametrize("act", [raises, exits])
def test_one_that_raises_everywhere_costs_the_others_nothing(
    host: PluginHost, sound: Sound, act: Callable[..., Any]
) -> None:
    host.register("breaks", Breaks(act))
    host.call_disposed(CALL)
    assert sound.told == [CALL]
    answers = _refusals(host)
    assert [r.rule for r in answers["breaks"]] == ["breaks.unanswered"]
    assert answers["breaks"][0].message == asking.FAILED
    assert answers["breaks"][0].params == {"plugin": "breaks"}
    assert answers["sound"] == ()
    assert list(host.permissions()) == ["sound.act"]
    assert host.statuses["breaks"].state is PluginState.FAILED
    assert host.statuses["breaks"].errors == 3


def test_past_its_budget_a_plugin_is_stopped_and_told_of_once(host: PluginHost, sound: Sound) -> None:
    told: list[str] = []
    host.on_quarantine(lambda fault: told.append(fault.plugin))
    host.register("breaks", Breaks())
    for _ in range(3):
        host.call_disposed(CALL)
    assert host.is_active("breaks")
    for _ in range(3):
        host.call_disposed(CALL)
    assert host.statuses["breaks"].state is PluginState.QUARANTINED
    assert host.statuses["breaks"].errors == 4, "a stopped plugin is told no more"
    assert told == ["breaks"]
    assert len(sound.told) == 6


def test_errors_that_lie_apart_are_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    host = PluginHost(budget=Budget(errors=3, seconds=600))
    monkeypatch.setattr(host._faults, "_timer", lambda: now[0])
    host.register("breaks", Breaks())
    for _ in range(20):
        host.call_disposed(CALL)
        now[0] += 300
    assert host.is_active("breaks")
    host.close()


def test_brought_back_it_has_its_whole_budget_again(host: PluginHost) -> None:
    host.register("breaks", Breaks())
    for _ in range(4):
        host.call_disposed(CALL)
    host.release("breaks")
    assert host.is_active("breaks")
    assert host.statuses["breaks"].errors == 0
    for _ in range(3):
        host.call_disposed(CALL)
    assert host.is_active("breaks")
    host.call_disposed(CALL)
    assert host.statuses["breaks"].state is PluginState.QUARANTINED


def test_the_quarantine_loosens_nothing(host: PluginHost, sound: Sound) -> None:
    """Policies of a stopped plugin are asked as before, and refuse as before; they are in force for nobody."""
    host.register("breaks", Breaks())
    for _ in range(10):
        answers = _refusals(host)
    assert host.statuses["breaks"].state is PluginState.QUARANTINED
    assert [r.rule for r in answers["breaks"]] == ["breaks.unanswered"]
    assert answers["sound"] == ()
    assert host.policies() == {}


def test_what_is_kept_of_an_error_says_where_it_was_and_nothing_about_people(host: PluginHost) -> None:
    host.register("breaks", Breaks())
    host.call_disposed(CALL)
    (fault,) = host.faults("breaks")
    assert (fault.plugin, fault.place, fault.error_type) == ("breaks", "hookline_call_disposed", "RuntimeError")
    assert fault.frames[-1].endswith("in raises")
    assert "adversaries.py" in fault.frames[-1]
    for secret in ("Kowalski", "jan@example.com", "600"):
        assert secret not in fault.traceback
    assert "'order_id'" in fault.message


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("call +48 600-100-200 failed", "call +••• failed"),
        ("PESEL 90010112345", "PESEL •••"),
        ("line 12, column 7", "line 12, column 7"),
        ("KeyError: 'order_id'", "KeyError: 'order_id'"),
        ("no 'Nowak' here", "no '•••' here"),
        ("to a@b.pl, now", "to •••@••• now"),
        ("x" * 1000, "x" * 299 + "…"),
    ],
)
def test_what_may_be_personal_is_taken_out_of_messages(message: str, kept: str) -> None:
    assert impersonal(message) == kept


def test_a_long_recursion_is_kept_short() -> None:
    def recurse(depth: int) -> None:
        if depth:
            recurse(depth - 1)
        raises()

    with pytest.raises(RuntimeError) as caught:
        recurse(100)
    assert len(fault_of("p", "hook", caught.value).frames) == 15


# Hanging


def test_a_policy_that_hangs_refuses_at_the_deadline_and_delays_no_other(
    host: PluginHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "POLICY_SECONDS", 0.3)
    adversary = Hangs("policy")
    host.register("sound", Sound())
    host.register("hangs", adversary)
    host.register("after", Sound())
    before = time.monotonic()
    answers = _refusals(host)
    assert time.monotonic() - before < DEADLINE
    assert answers["hangs"][0].message == asking.LATE
    assert (answers["sound"], answers["after"]) == ((), ())
    (fault,) = host.faults("hangs")
    assert fault.error_type == "Late"
    assert any("in _hang" in frame for frame in fault.frames), "it is shown where it hangs"
    adversary.go_on.set()


def test_one_that_hangs_again_and_again_is_no_longer_asked_until_it_comes_back(
    host: PluginHost, sound: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "POLICY_SECONDS", 0.06)
    adversary = Hangs("policy")
    host.register("hangs", adversary)
    for _ in range(asking.HANGING_ALLOWED):
        assert _refusals(host)["hangs"][0].message == asking.LATE
    assert host.hanging() == {"hangs": asking.HANGING_ALLOWED}
    asked = adversary.asked
    answers = _refusals(host)
    assert answers["hangs"][0].message == asking.HANGS
    assert answers["sound"] == ()
    assert adversary.asked == asked
    adversary.go_on.set()
    _until(lambda: not host.hanging())
    assert _refusals(host)["hangs"] == ()


def test_several_that_hang_share_one_deadline(host: PluginHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "POLICY_SECONDS", 0.5)
    adversaries = [Hangs("policy") for _ in range(4)]
    for number, adversary in enumerate(adversaries):
        host.register(f"hangs{number}", adversary)
    host.register("sound", Sound())
    before = time.monotonic()
    answers = _refusals(host)
    assert time.monotonic() - before < 4 * 0.5
    assert [p for p, refusals in answers.items() if not refusals] == ["sound"]
    for adversary in adversaries:
        adversary.go_on.set()


def test_a_contribution_that_hangs_fails_its_plugin_and_the_rest_starts(
    host: PluginHost, sound: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "CONTRIBUTE_SECONDS", 0.1)
    adversary = Hangs("contribute")
    host.register("hangs", adversary)
    assert list(host.permissions()) == ["sound.act"]
    assert host.statuses["hangs"].state is PluginState.FAILED
    assert "no answer within 0.1 s" in host.statuses["hangs"].note
    adversary.go_on.set()

    (fault,) = host.faults("hangs")
    assert any("in _hang" in frame for frame in fault.frames), "it is shown where it hangs"


@pytest.fixture
def folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginFolder]:
    made = plugin_folder(tmp_path, monkeypatch)
    yield made
    made.forget()


#: Hangs until the test lets it go.
_HANG = "import threading\ngo_on = threading.Event()\ndef hang():\n    go_on.wait(60)\n"


@pytest.mark.parametrize(
    "hooks",
    ["from made_for_test_hang import hang\nhang()\n", HOOKS + "        __import__('made_for_test_hang').hang()\n"],
)
def test_one_that_hangs_while_it_is_loaded_has_failed_and_the_rest_starts(folder: PluginFolder, hooks: str) -> None:
    (folder.folder / "made_for_test_hang.py").write_text(_HANG)
    folder.packages.append("made_for_test_hang")
    folder.install("hanging", hooks)
    folder.install("sound")
    host = PluginHost(load_seconds=0.3)
    host.discover()
    host.load(lambda _name: None)  # type: ignore[arg-type, return-value]
    assert host.statuses["hanging"].state is PluginState.FAILED
    assert host.statuses["hanging"].note == ("It was not loaded within 0.3 s. The page Health shows where it hangs.")
    assert host.is_stuck("hanging")
    assert host.is_active("sound")
    (fault,) = host.faults("hanging")
    assert any("in hang" in frame for frame in fault.frames), "it is shown where it hangs"
    importlib.import_module("made_for_test_hang").go_on.set()
    host.close()


# Names


def test_asking_for_an_unknown_hook_is_refused_by_name(folder: PluginFolder) -> None:
    folder.install("curious", HOOKS + "\n    @hookimpl\n    def hookline_everything_known(self):\n        return []\n")
    folder.install("sound")
    host = PluginHost()
    host.discover()
    host.load(lambda _name: None)  # type: ignore[arg-type, return-value]
    assert host.statuses["curious"].state is PluginState.FAILED
    assert "hookline_everything_known" in host.statuses["curious"].note
    assert host.is_active("sound")
    host.close()


def test_a_name_that_is_taken_is_refused_with_both_plugins_named(host: PluginHost, sound: Sound) -> None:
    host.register("thief", Sound())
    with pytest.raises(HooklineError, match=r"sound and thief both register the permission sound\.act"):
        host.permissions()


# Times


def test_every_call_is_timed_by_plugin_and_hook(host: PluginHost, sound: Sound) -> None:
    host.register("breaks", Breaks())
    for _ in range(2):
        host.call_disposed(CALL)
        host.dial_refusals(REQUEST)
    host.permissions()
    rows = {(row.plugin, row.hook): row for row in host.timings()}
    assert rows["sound", "hookline_call_disposed"].calls == 2
    assert rows["breaks", "hookline_call_disposed"].calls == 2, "what raises took its time too"
    assert rows["sound", "hookline_dial_refusals"].calls == 2
    assert rows["sound", "hookline_register_permissions"].calls == 1
    for row in rows.values():
        assert 0 <= row.p50_ms <= row.p95_ms <= row.max_ms


def test_the_figures_are_times_that_were_really_taken() -> None:
    timing = timings.HookTiming()
    for millisecond in range(1, 101):
        timing.add(millisecond * 1_000_000)
    timing.longest = 900 * 1_000_000
    row = timings.row_of("p", "hook", timing)
    assert row is not None
    assert (row.calls, row.p50_ms, row.p95_ms, row.max_ms) == (100, 50.0, 95.0, 900.0)


def test_times_take_no_more_room_however_many_calls() -> None:
    timing = timings.HookTiming()
    for number in range(5 * timings.KEPT):
        timing.add(number)
    assert len(timing.recent()) == timings.KEPT


# Memory


def test_a_leak_is_traced_to_its_plugin(folder: PluginFolder) -> None:
    leaking = (
        HOOKS
        + "        self.kept = []\n\n    @hookimpl\n    def hookline_call_disposed(self, call):\n"
        + "        self.kept.append(bytearray(100_000))\n"
    )
    folder.install("leaks", leaking)
    folder.install("sound")
    host = PluginHost(("gdpr", "monitoring", "scripts", "telephony_sip", "telephony_twilio"))
    host.discover()
    host.load(lambda _name: None)  # type: ignore[arg-type, return-value]
    watch = MemoryWatch(host.active_packages)
    assert watch.plugins() == []
    watch.begin_tracing()
    try:
        for _ in range(50):
            host.call_disposed(CALL)
        held = {m.plugin: m.held for m in watch.plugins()}
    finally:
        watch.end_tracing()
    assert held["leaks"] > 5_000_000
    assert held["sound"] < 100_000
    assert not watch.tracing
    host.close()


def test_a_process_that_never_comes_to_rest_is_told_apart_from_one_that_warms_up() -> None:
    mebibyte = 1024 * 1024

    def trend(sizes: list[int]) -> bool:
        now, waiting = [0.0], list(sizes)
        watch = MemoryWatch(dict, lambda: waiting.pop(0) if len(waiting) > 1 else waiting[0], lambda: now[0])
        for _ in sizes:
            watch.sample()
            now[0] += 60
        return watch.trend().growing

    assert trend([(200 + 5 * minute) * mebibyte for minute in range(60)])
    assert not trend([min(200 + 50 * minute, 500) * mebibyte for minute in range(60)])
    assert not trend([(200 + minute // 10) * mebibyte for minute in range(60)])
    assert not trend([200 * mebibyte, 900 * mebibyte])


def test_samples_are_taken_once_a_minute_at_most() -> None:
    taken: list[int] = []

    def resident() -> int:
        taken.append(1)
        return 1

    watch = MemoryWatch(dict, resident, lambda: 5.0)
    for _ in range(100):
        watch.sample()
    assert len(taken) == 1
