"""Prompts: what callers are played. One of a kind for the installation, and one of a kind for each client."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from hookline import sound_files
from hookline.db.database import Database
from hookline.db.models import Client, Prompt
from hookline.domain.access import Actor
from hookline.errors import InvalidInput, NotFound
from hookline.text import N_

_MANAGE = "prompts.manage"
_LONGEST_SECONDS = 300.0
_LONGEST_BYTES = 40 * 1024 * 1024


class PromptKind(StrEnum):
    """What a prompt is for."""

    HOLD_MUSIC = "hold_music"
    NO_AGENT = "no_agent"
    ABANDONED = "abandoned"
    MACHINE = "machine"
    TRANSFER_FAILED = "transfer_failed"
    CLOSING = "closing"
    RECORDING = "recording"
    RINGING = "ringing"


#: What people may upload, in the order of the page. The ringing in an agent's ear is nobody's to choose.
UPLOADED = tuple(kind for kind in PromptKind if kind is not PromptKind.RINGING)

#: What is played where nobody uploaded anything. A recording and an abandoned call are then not announced.
_BUILT_IN: dict[PromptKind, tuple[str, Callable[[Path], None]]] = {
    PromptKind.HOLD_MUSIC: ("hold-music.wav", sound_files.make_music),
    PromptKind.NO_AGENT: ("busy.wav", sound_files.make_busy),
    PromptKind.TRANSFER_FAILED: ("busy.wav", sound_files.make_busy),
    PromptKind.CLOSING: ("busy.wav", sound_files.make_busy),
    PromptKind.RINGING: ("ringing.wav", sound_files.make_ringing),
}


@dataclass(frozen=True)
class PromptLine:
    """A kind on the page: the prompt there is, and whether something is played without one."""

    kind: PromptKind
    prompt: Prompt | None
    built_in: bool


class PromptService:
    """Keeps prompts in `folder`, below which built-in ones are made when they are first needed."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder

    def path_for(self, client_id: int | None, kind: PromptKind) -> Path | None:
        """The file to play to a client's callers: the client's, else the installation's, else the built-in one."""
        with self._db.read() as session:
            found = session.scalars(
                select(Prompt)
                .where(Prompt.kind == kind.value, (Prompt.client_id == client_id) | Prompt.client_id.is_(None))
                .order_by(Prompt.client_id.is_(None))
            ).first()
        if found is not None and (path := self._folder / found.path).is_file():
            return path
        if kind not in _BUILT_IN:
            return None
        name, make = _BUILT_IN[kind]
        path = self._folder / "built-in" / name
        if not path.is_file():
            make(path)
        return path

    def lines(self, actor: Actor, client_id: int | None) -> list[PromptLine]:
        """Every kind with what a client, or (None) the installation, has of it. Raises NotFound."""
        self._check(actor, client_id)
        of_client = Prompt.client_id.is_(None) if client_id is None else Prompt.client_id == client_id
        with self._db.read() as session:
            there = {prompt.kind: prompt for prompt in session.scalars(select(Prompt).where(of_client))}
        return [PromptLine(kind, there.get(kind), kind in _BUILT_IN) for kind in UPLOADED]

    def upload(self, actor: Actor, client_id: int | None, kind: PromptKind, name: str, sound: BinaryIO) -> int:
        """Keep a sound, converted for telephones; it takes the place of the one there was. Its id.

        Raises InvalidInput for what is no sound, silence or too long; NotFound for an unknown client.
        """
        self._check(actor, client_id)
        if kind not in UPLOADED:
            raise InvalidInput(N_("This sound cannot be replaced."))
        relative = f"{kind.value}-{uuid.uuid4().hex}.wav"
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            source, target = Path(scratch) / "uploaded", Path(scratch) / "prompt.wav"
            _take(sound, source)
            seconds, rate = sound_files.to_prompt(source, target, _LONGEST_SECONDS)
            digest = hashlib.sha256(target.read_bytes()).hexdigest()
            shutil.move(target, self._folder / relative)
        former = ""
        with self._db.write() as unit:
            of_client = Prompt.client_id.is_(None) if client_id is None else Prompt.client_id == client_id
            row = unit.session.scalar(select(Prompt).where(of_client, Prompt.kind == kind.value))
            if row is None:
                row = Prompt(client_id=client_id, kind=kind.value)
                unit.session.add(row)
            former = row.path or ""
            row.name, row.path, row.seconds, row.rate = name[:120], relative, seconds, rate
            row.sha256, row.uploaded_by, row.uploaded_at = digest, actor.user_id, unit.clock.now()
            unit.session.flush()
            prompt_id = row.id
        self._remove(former)
        return prompt_id

    def file(self, actor: Actor, prompt_id: int) -> tuple[Prompt, Path]:
        """A prompt and its file, to be listened to. Raises NotFound."""
        prompt = self._reachable(actor, prompt_id)
        return prompt, self._folder / prompt.path

    def delete(self, actor: Actor, prompt_id: int) -> None:
        """Remove a prompt; whoever is hearing it hears it to its end. Raises NotFound."""
        prompt = self._reachable(actor, prompt_id)
        with self._db.write() as unit:
            unit.session.delete(unit.session.get_one(Prompt, prompt.id))
        self._remove(prompt.path)

    def _reachable(self, actor: Actor, prompt_id: int) -> Prompt:
        with self._db.read() as session:
            prompt = session.get(Prompt, prompt_id)
        if prompt is None:
            raise NotFound(N_("There is no such prompt."))
        self._check(actor, prompt.client_id)
        return prompt

    def _check(self, actor: Actor, client_id: int | None) -> None:
        actor.require(_MANAGE)
        if client_id is None:
            return
        with self._db.read() as session:
            if session.get(Client, client_id) is None or not actor.scope.covers_client(client_id):
                raise NotFound(N_("There is no such client."))

    def _remove(self, relative: str) -> None:
        if relative:
            (self._folder / relative).unlink(missing_ok=True)


def _take(sound: BinaryIO, path: Path) -> None:
    with path.open("wb") as file:
        taken = 0
        while piece := sound.read(1 << 16):
            taken += len(piece)
            if taken > _LONGEST_BYTES:
                raise InvalidInput(N_("The file is larger than 40 MB."), N_("Choose a shorter sound."))
            file.write(piece)
