"""Sounds to callers and agents while calls run: music on hold, messages, ringing. Nobody waits for them.

What is being played is known to this process alone: after a stop no leg is left that could hear it.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import structlog

from hookline.ports.telephony import Capability, Play, PlayFinished, TelephonyBackend, TelephonyError
from hookline.services.prompts import PromptKind, PromptService

log = structlog.get_logger(__name__)


class Sounds:
    """Plays prompts to legs."""

    def __init__(self, prompts: PromptService) -> None:
        self._prompts = prompts
        self._lock = threading.Lock()
        self._going_on: dict[str, str] = {}  # leg -> its endless sound
        self._afterwards: dict[str, Callable[[], None]] = {}  # sound -> what follows

    def music_on(self, backend: TelephonyBackend, client_id: int, leg_id: str) -> None:
        """Play hold music to the leg until `quiet`."""
        self._endless(backend, leg_id, self._prompts.path_for(client_id, PromptKind.HOLD_MUSIC))

    def ring(self, backend: TelephonyBackend, leg_id: str) -> None:
        """Let an agent's phone, whose line is open, ring in his ear until `quiet`."""
        self._endless(backend, leg_id, self._prompts.path_for(None, PromptKind.RINGING))

    def quiet(self, backend: TelephonyBackend, leg_id: str) -> None:
        """Stop what `music_on` or `ring` began; nothing where the leg hears nothing."""
        with self._lock:
            play_id = self._going_on.pop(leg_id, None)
        if play_id is None:
            return
        try:
            backend.stop_play(play_id)
        except TelephonyError as error:
            log.info("a sound could not be stopped", error=error.id)

    def announce(
        self,
        backend: TelephonyBackend,
        client_id: int,
        leg_id: str,
        kind: PromptKind,
        *,
        aloud: bool = False,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Play a message once, then do what follows; at once where there is no such message or it cannot be played."""
        self.quiet(backend, leg_id)
        path = self._prompts.path_for(client_id, kind)
        play_id = uuid.uuid4().hex
        if then is not None:
            with self._lock:
                self._afterwards[play_id] = then
        if path is None or not self._play(backend, Play(play_id=play_id, leg_id=leg_id, path=path, aloud=aloud)):
            self._follow(play_id)

    def on_finished(self, event: PlayFinished) -> None:
        """A sound is over, or its leg is."""
        with self._lock:
            if self._going_on.get(event.leg_id) == event.play_id:
                del self._going_on[event.leg_id]
        self._follow(event.play_id)

    def _follow(self, play_id: str) -> None:
        with self._lock:
            then = self._afterwards.pop(play_id, None)
        if then is not None:
            then()

    def _endless(self, backend: TelephonyBackend, leg_id: str, path: Path | None) -> None:
        self.quiet(backend, leg_id)
        play_id = uuid.uuid4().hex
        with self._lock:
            self._going_on[leg_id] = play_id
        if path is None or not self._play(backend, Play(play_id=play_id, leg_id=leg_id, path=path, loop=True)):
            with self._lock:
                self._going_on.pop(leg_id, None)

    def _play(self, backend: TelephonyBackend, command: Play) -> bool:
        if Capability.PLAY not in backend.capabilities:
            return False
        try:
            backend.play(command)
        except TelephonyError as error:
            log.warning("a sound could not be played", error=error.id)
            return False
        return True
