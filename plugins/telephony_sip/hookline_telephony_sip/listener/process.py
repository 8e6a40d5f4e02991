"""The parent's handle on the listener: start it, talk to it, start it again within a second when it dies."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Callable

import structlog

from hookline_telephony_sip.listener.words import Listening, Word, decode
from hookline_telephony_sip.process import child_environment

log = structlog.get_logger(__name__)

_AGAIN_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 10.0
_QUICK_DEATHS = 3  # in a row before it is given more time


class ListenerProcess:
    """Keeps one running. `on_word` gets its words, `on_start` is called whenever one is up, from the keeper thread;
    `on_loss` when one has died."""

    def __init__(
        self,
        bind: tuple[str, int],
        cells: str,
        front: str,
        on_word: Callable[[Word], None],
        on_start: Callable[[], None],
        on_loss: Callable[[], None],
    ) -> None:
        self._bind = bind
        self._cells = cells
        self._front = front
        self._on_word = on_word
        self._on_start = on_start
        self._on_loss = on_loss
        self._secret = secrets.token_bytes(32)  # the same for the next: it reads the routes of the one before
        self._sending = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="listener", daemon=True)
        self._up = False
        self.port = 0

    @property
    def pid(self) -> int | None:
        """The process, once its port is bound."""
        process = self._process
        return process.pid if self._up and process is not None and process.poll() is None else None

    def start(self) -> None:
        """Begin to keep one running."""
        self._keeper.start()

    def send(self, word: Word) -> None:
        """Tell it something; while none runs nobody hears it, and `on_start` tells the next what it must know."""
        with self._sending:
            if self._control is None:
                return
            try:
                self._control.sendall(word.encode())
            except OSError:
                log.warning("listener_unreachable")

    def stop(self) -> None:
        """End it; returns when it is gone."""
        self._stopping.set()
        self._hang_up()
        if self._keeper.ident is not None:
            self._keeper.join(5.0)

    def _hang_up(self) -> None:
        with self._sending:
            if self._control is not None:
                self._control.shutdown(socket.SHUT_RDWR)

    def _keep(self) -> None:
        deaths = 0
        while not self._stopping.is_set():
            was_up = self._run_one()
            if self._stopping.is_set():
                return
            deaths = 0 if was_up else deaths + 1
            log.error("listener_lost", came_up=was_up)
            self._on_loss()
            pause = _AGAIN_SECONDS if deaths < _QUICK_DEATHS else _LONGEST_PAUSE_SECONDS
            self._stopping.wait(pause)

    def _run_one(self) -> bool:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [
                    *(sys.executable, "-P", "-m", "hookline_telephony_sip.listener"),
                    *("--control", str(theirs.fileno()), "--cells", self._cells, "--front", self._front),
                    *("--bind", self._bind[0], "--port", str(self.port or self._bind[1])),
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                env=child_environment(),
            )
        with self._sending:
            self._process, self._control = process, ours
        ours.sendall(self._secret)
        try:
            return self._listen(ours)
        finally:
            self._up = False
            with self._sending:
                self._control = None
            ours.close()
            if process.poll() is None:
                process.kill()
            process.wait()

    def _listen(self, control: socket.socket) -> bool:
        came_up = False
        with control.makefile("rb") as lines:
            try:
                for line in lines:
                    word = decode(line)
                    if isinstance(word, Listening):
                        came_up, self.port = True, word.port
                        self._on_start()
                        self._up = True
                    else:
                        self._on_word(word)
            except (OSError, ValueError) as error:
                log.error("listener_channel_broken", error=type(error).__name__)
        return came_up
