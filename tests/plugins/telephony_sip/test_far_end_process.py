"""Starting and stopping the far end's process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hookline_telephony_sip.far_end.__main__ import main
from hookline_telephony_sip.far_end.bare_caller import Caller
from hookline_telephony_sip.far_end.errors import FarEndConfigInvalid, FarEndFailed
from hookline_telephony_sip.far_end.process import FarEndProcess


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_it_says_where_it_listens_and_keeps_fixed_ports() -> None:
    network, phone = free_port(), free_port()
    config = {"network_port": network, "phones": [{"name": "anna"}, {"name": "jan", "port": phone}]}
    with FarEndProcess(config) as process:
        assert process.network == f"127.0.0.1:{network}"
        assert process.phones["jan"] == f"sip:jan@127.0.0.1:{phone}"
        assert process.phones["anna"].startswith("sip:anna@127.0.0.1:")
        assert process.control.calls() == []
    assert not process.running
    assert process.stop() == 0


def test_its_calls_are_hung_up_when_it_stops() -> None:
    process = FarEndProcess({"default": {"kind": "answer", "ring_seconds": 0}})
    with Caller(process.network) as caller:
        caller.talk("1")
        process.control.wait_for_call("confirmed")
        assert process.stop() == 0
        assert caller.receive().start_line().startswith("BYE ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    config = tmp_path / "config.json"
    config.write_text("{}")
    process = subprocess.Popen(
        [sys.executable, "-m", "hookline_telephony_sip.far_end", "--config", str(config)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    with process.stdout as stdout:
        ready = json.loads(stdout.readline())
        assert ready["ready"] is True
        process.send_signal(number)
        assert process.wait(10) == 0
        assert stdout.read() == b""


def test_a_taken_port_is_explained() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(FarEndFailed, match=r"UDP port \d+ on 127.0.0.1 cannot be used"):
            FarEndProcess({"network_port": taken.getsockname()[1]})


def test_a_wrong_configuration_is_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FarEndConfigInvalid, match="phones_prt"):
        FarEndProcess({"phones_prt": 1})
    path = tmp_path / "config.json"
    path.write_text('{"default": {"kind": "sing"}}')
    assert main(["--config", str(path)]) == 2
    path.write_text("{")
    assert main(["--config", str(path)]) == 2
    assert main(["--config", str(tmp_path / "none.json")]) == 2
    said = capsys.readouterr().err
    assert "default.kind" in said
    assert "cannot be read as JSON" in said


def test_the_softphone_hint_names_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--softphone-hint"]) == 0
    assert "sip:you@127.0.0.1:5062" in capsys.readouterr().out


def test_a_control_request_after_the_end_is_explained() -> None:
    with FarEndProcess() as process:
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(FarEndFailed, match="control channel"):
            process.control.wait_until(lambda: not process.control.calls() and not process.running)
