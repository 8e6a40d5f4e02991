"""Health checks: shared by the ready probe, the health page and the doctor; each guarded, each with advice."""

from __future__ import annotations

import dataclasses
import http.server
import socket
import threading
from collections import namedtuple
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from hookline.bootstrap import Runtime
from hookline.cli import cli
from hookline.db.models import JobStatus, OutboxEvent
from hookline.health import Checked, HealthCheck, Level, ok, problem
from hookline.hookspecs import hookimpl
from hookline.plugin_host.host import NameClash, PluginHost
from hookline.ports.telephony import Problem
from hookline.services import health as health_service
from hookline.services.health import HealthService
from hookline.settings import Settings
from hookline.testing.centre import Centre
from hookline.testing.databases import fresh_database


def _seen(runtime: Runtime, name: str, *, doctor: bool = False) -> Checked:
    return next(c for c in runtime.health.look(doctor=doctor) if c.check.name == name)


def _said(runtime: Runtime, name: str, *, doctor: bool = False) -> str:
    return " ".join(f"{f.message} {f.advice}" for f in _seen(runtime, name, doctor=doctor).findings)


def test_a_sound_installation_lacks_only_its_engine(centre: Centre) -> None:
    levels = {c.check.name: c.level for c in centre.runtime.health.look()}
    assert levels.pop("core.engine") is Level.PROBLEM
    assert levels.pop("core.plugins") in (Level.OK, Level.WARNING)
    assert set(levels.values()) == {Level.OK}
    assert centre.runtime.health.not_ready() == ["core.engine"]
    assert "hookline serve" in _said(centre.runtime, "core.engine")


def test_while_the_engine_runs_it_is_ready(settings: Settings) -> None:
    quiet = dataclasses.replace(settings, disabled_plugins=("telephony_sip",))
    runtime, beside = Runtime(quiet), Runtime(quiet)
    runtime.start()
    try:
        assert runtime.health.not_ready() == []
        assert "in this process" in _said(runtime, "core.engine")
        assert "Another process" in _said(beside, "core.engine")
        assert "There is no telephony backend." in _said(runtime, "core.telephony")
    finally:
        runtime.stop()
        runtime.close()
        beside.close()


def test_running_campaigns_without_a_way_out_are_a_problem_others_a_warning(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.network.problems_now.append(Problem(id="no-trunk", message="No trunk.", advice="Add one."))
    assert _seen(centre.runtime, "core.telephony").level is Level.WARNING
    trouble = centre.network.problems_now.pop()
    centre.campaign(["+48221234567"], agents=[anna])
    centre.network.problems_now.append(trouble)
    assert _seen(centre.runtime, "core.telephony").level is Level.PROBLEM
    assert "core.telephony" in centre.runtime.health.not_ready()


def test_a_database_that_is_not_migrated_is_said_and_nothing_else_is_looked_at(tmp_path: Path, empty_url: str) -> None:
    runtime = Runtime(Settings(data_dir=tmp_path / "d", database_url=empty_url))
    assert "hookline db upgrade" in _said(runtime, "core.migrations")
    assert "Mend the database first" in _said(runtime, "core.jobs")
    assert runtime.health.not_ready() == ["core.migrations"]
    runtime.close()


def test_a_database_that_is_away_is_said(centre: Centre) -> None:
    looked = centre.runtime.health._checks
    database = next(c for c in looked if c.name == "core.database")
    broken = HealthCheck(database.name, database.title, lambda: [problem("away", "start it")], ready=True)
    service = HealthService([broken, *(c for c in looked if c is not database)], lambda _owner: True)
    assert "core.database" in service.not_ready()
    assert {c.level for c in service.look() if c.check.needs_database and c.check is not broken} == {Level.WARNING}


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("free", "level"), [(10 << 30, Level.OK), (1 << 30, Level.WARNING), (100 << 20, Level.PROBLEM)]
)
def test_little_space_warns_before_recordings_are_lost(
    centre: Centre, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: Usage(100 << 30, 0, free))
    assert _seen(centre.runtime, "core.disk").level is level


def test_a_data_folder_that_cannot_be_written_to_is_a_problem(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    assert "Permission denied" in _said(centre.runtime, "core.disk")
    assert "core.disk" in centre.runtime.health.not_ready()


def test_failed_jobs_and_late_events_are_warnings(centre: Centre) -> None:
    now = centre.clock.now()
    with centre.runtime.db.write() as unit:
        unit.session.add(JobStatus(name="core.some-job", state="failed", started_at=now))
        unit.session.add(OutboxEvent(type="CallEnded", at=now - timedelta(minutes=5), details={}))
    assert "core.some-job failed" in _said(centre.runtime, "core.jobs")
    assert _said(centre.runtime, "core.events").startswith("1 events have waited")


def test_a_plugin_that_failed_is_named(centre: Centre) -> None:
    centre.runtime.host.mark_failed("gdpr", "It could not be loaded: %(error)s", RuntimeError("at work"))
    assert "The plugin gdpr has failed." in _said(centre.runtime, "core.plugins")
    assert "gdpr" not in str(centre.runtime.health.not_ready())


def test_a_check_that_raises_or_hangs_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    hung = threading.Event()

    def breaks() -> list[object]:
        raise RuntimeError("at work")

    def hangs() -> list[object]:
        hung.wait(30)
        return []

    monkeypatch.setattr(health_service, "_SECONDS", 0.2)
    checks = [
        HealthCheck("core.breaks", "Breaks", breaks),  # type: ignore[arg-type]
        HealthCheck("core.hangs", "Hangs", hangs),  # type: ignore[arg-type]
        HealthCheck("core.works", "Works", lambda: [ok("Fine.")]),
        HealthCheck("other.off", "Off", breaks),  # type: ignore[arg-type]
    ]
    seen = {c.check.name: c for c in HealthService(checks, lambda owner: owner == "core").look()}
    hung.set()
    assert {name: c.level for name, c in seen.items()} == {
        "core.breaks": Level.PROBLEM,
        "core.hangs": Level.PROBLEM,
        "core.works": Level.OK,
    }
    assert "RuntimeError" in seen["core.breaks"].findings[0].message


class _Plugin:
    def __init__(self, name: str) -> None:
        self._name = name

    @hookimpl
    def hookline_register_health_checks(self) -> list[HealthCheck]:
        return [HealthCheck(self._name, "Something", list)]


def test_plugins_checks_bear_their_own_name() -> None:
    host = PluginHost()
    host.register("crm", _Plugin("crm.reach"))
    assert list(host.health_checks()) == ["crm.reach"]
    host.register("other", _Plugin("crm.steal"))
    with pytest.raises(NameClash):
        host.health_checks()


class _Stranger(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"something else")

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port on which another program listens."""
    with http.server.HTTPServer(("127.0.0.1", 0), _Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def home(tmp_path: Path, database_kind: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation, as commands find it."""
    with fresh_database(database_kind, tmp_path / "data") as url:
        monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
        monkeypatch.setenv("HOOKLINE_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("HOOKLINE_DATABASE_URL", url)
        monkeypatch.setenv("HOOKLINE_PORT", str(_free_port()))
        yield tmp_path


def test_the_doctor_says_what_to_do_line_by_line(home: Path) -> None:
    result = CliRunner().invoke(cli, ["doctor"])
    lines = result.output.splitlines()
    assert any(line.startswith("ok       Database: It answers") for line in lines)
    assert any(line.startswith("ok       Port of the pages: Port") and line.endswith("is free.") for line in lines)
    engine = next(i for i, line in enumerate(lines) if line.startswith("problem  Engine:"))
    assert lines[engine + 1].strip() == "→ Start it: hookline serve"
    assert result.exit_code == 1
    quiet = CliRunner().invoke(cli, ["doctor", "--quiet"]).output
    assert "problem  Engine:" in quiet
    assert "\nok " not in f"\n{quiet}"


def test_the_doctor_sees_who_sits_on_the_port(home: Path, stranger: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_PORT", str(stranger))
    output = CliRunner().invoke(cli, ["doctor"]).output
    assert f"problem  Port of the pages: Another program listens on port {stranger}." in output


def test_the_doctor_speaks_where_the_installation_cannot_even_be_opened(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKLINE_PORT", "no number")
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.output.startswith("problem  Start: Settings cannot be used")
    assert "docs/reference/settings.md" in result.output
    assert result.exit_code == 1
