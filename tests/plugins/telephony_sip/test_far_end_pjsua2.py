"""The far end against PJSIP: registration with a login, tones in both directions, hold, digits."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hookline_telephony_sip.far_end.audio import energy_share
from hookline_telephony_sip.far_end.process import FarEndProcess

# A process of its own, since PJSIP aborts the whole process when it does not like something.
CALLER = r"""
import gc, json, sys
import pjsua2 as pj

uri, password, wav = sys.argv[1:4]
said = []
def say(what):
    said.append(what)
    print(json.dumps(what), flush=True)

class Account(pj.Account):
    def onRegState(self, prm):
        say({"registered": prm.code})

class Call(pj.Call):
    def onCallState(self, prm):
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            say({"state": "confirmed"})
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            say({"state": "ended", "code": info.lastStatusCode})
    def onCallMediaState(self, prm):
        info = self.getInfo()
        if info.media and info.media[0].status == pj.PJSUA_CALL_MEDIA_ACTIVE:
            media = self.getAudioMedia(-1)
            tone.startTransmit(media)
            media.startTransmit(recorder)
    def onDtmfDigit(self, prm):
        say({"digit": prm.digit})

ep = pj.Endpoint()
ep.libCreate()
config = pj.EpConfig()
config.uaConfig.threadCnt = 0
config.uaConfig.mainThreadOnly = True
config.logConfig.level = config.logConfig.consoleLevel = 0
config.medConfig.noVad = True
ep.libInit(config)
transport = pj.TransportConfig()
transport.boundAddress = "127.0.0.1"
ep.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
ep.libStart()
ep.audDevManager().setNullDev()

host = uri.partition("@")[2]
account_config = pj.AccountConfig()
account_config.idUri = "sip:trunk@127.0.0.1"
account_config.regConfig.registrarUri = "sip:" + host
account_config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", "trunk", 0, password))
account_config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
account = Account()
account.create(account_config)
tone = pj.ToneGenerator()
tone.createToneGenerator()
desc = pj.ToneDesc()
desc.freq1, desc.on_msec, desc.off_msec = 1000, 1000, 0
tones = pj.ToneDescVector()
tones.append(desc)
tone.play(tones, True)
recorder = pj.AudioMediaRecorder()
recorder.createRecorder(wav)
call = Call(account)

import os, select
while not said:
    ep.libHandleEvents(20)
call.makeCall(uri, pj.CallOpParam(True))
buffer = b""
while not any(event.get("state") == "ended" for event in said):
    ep.libHandleEvents(20)
    if not select.select([0], [], [], 0)[0]:
        continue
    part = os.read(0, 4096)
    if not part:
        break
    buffer += part
    while b"\n" in buffer:
        line, _, buffer = buffer.partition(b"\n")
        order, prm = line.decode(), pj.CallOpParam(True)
        if order == "hold":
            call.setHold(prm)
        elif order == "resume":
            prm.opt.flag = pj.PJSUA_CALL_UNHOLD
            call.reinvite(prm)
        elif order == "dtmf":
            call.dialDtmf("42#")
        elif order == "bye":
            call.hangup(pj.CallOpParam())
for _ in range(10):
    ep.libHandleEvents(20)
del recorder, tone, call, desc, tones
account.shutdown()
del account
gc.collect()
ep.libDestroy()
"""


@pytest.fixture
def far_end() -> Iterator[FarEndProcess]:
    answer = {"kind": "answer", "ring_seconds": 0.1, "sound": {"kind": "tone", "frequency": 440}}
    login = {"username": "trunk", "password": "geheim"}
    with FarEndProcess({"default": answer, "login": login}) as process:
        yield process
        assert process.control.stats()["errors"] == 0, process.log_text()


class PjsipCaller:
    """The caller's process: orders in, events out."""

    def __init__(self, uri: str, password: str, wav: Path) -> None:
        self.wav = wav
        self.process = subprocess.Popen(
            [sys.executable, "-c", CALLER, uri, password, str(wav)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def order(self, what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(what.encode() + b"\n")
        self.process.stdin.flush()

    def until(self, **event: Any) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(b"{") and json.loads(line) == event:
                return
        raise AssertionError(f"ended without {event}")

    def end(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self.process.stdin, self.process.stdout as stdout:
            self.process.stdin.close()
            stdout.read()
        assert self.process.wait(10) == 0


@pytest.mark.realtime
def test_pjsip_logs_in_talks_holds_and_is_heard(far_end: FarEndProcess, tmp_path: Path) -> None:
    caller = PjsipCaller(f"sip:+48600100100@{far_end.network}", "geheim", tmp_path / "heard.wav")
    control = far_end.control
    caller.until(registered=200)
    caller.until(state="confirmed")
    call_id = str(control.wait_for_call("confirmed", to="+48600100100")["id"])
    control.wait_until(lambda: control.hear(call_id, [1000])["energies"]["1000"] > 0.9)
    assert control.hear(call_id, [440])["energies"]["440"] < 0.05
    caller.order("hold")
    control.wait_until(lambda: control.calls()[0]["on_hold"])
    caller.order("resume")
    control.wait_until(lambda: not control.calls()[0]["on_hold"])
    caller.order("dtmf")
    control.wait_until(lambda: control.calls()[0]["dtmf_received"] == "42#")
    control.send_dtmf(call_id, "7")
    caller.until(digit="7")
    control.wait_until(lambda: control.hear(call_id, [1000])["energies"]["1000"] > 0.9)
    caller.order("bye")
    caller.until(state="ended", code=200)
    caller.end()
    assert control.wait_for_call("ended", call_id=call_id)["ended_by"] == "caller"
    assert energy_share(loudest_moment(caller.wav), 440) > 0.9


@pytest.mark.realtime
def test_pjsip_with_a_wrong_password_is_not_let_in(far_end: FarEndProcess, tmp_path: Path) -> None:
    caller = PjsipCaller(f"sip:+48600100100@{far_end.network}", "wrong", tmp_path / "heard.wav")
    caller.until(registered=401)
    caller.until(state="ended", code=407)
    caller.end()
    assert far_end.control.history() == []


def loudest_moment(path: Path) -> array[int]:
    """A quarter of a second of the recording, brought to 8 kHz, where the tone is on the line."""
    with wave.open(str(path), "rb") as reader:
        step = reader.getframerate() // 8000
        samples = array("h")
        samples.frombytes(reader.readframes(reader.getnframes()))
    moments = [samples[start : start + 2000 * step : step] for start in range(0, len(samples), 1000)]
    return max(moments, key=lambda part: sum(map(abs, part)))
