"""The cell's end of the control socket: a reader and a writer thread, so that the owner thread never blocks on it."""

from __future__ import annotations

import queue
import socket
import threading

from hookline_telephony_sip.cell.messages import Message, decode

_FLUSH_SECONDS = 2.0


class Channel:
    """Commands in, reports out. The end of input means that the parent is gone."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._commands: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._reports: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="commands", daemon=True)
        self._writer = threading.Thread(target=self._write, name="reports", daemon=True)
        self._reader.start()
        self._writer.start()

    def report(self, message: Message) -> None:
        """Send a message to the parent, in order, without waiting."""
        self._reports.put(message)

    def commands(self) -> list[Message | None]:
        """Everything that has come in since the last call; None stands for the end of input."""
        waiting: list[Message | None] = []
        while not self._commands.empty():
            waiting.append(self._commands.get())
        return waiting

    def close(self) -> None:
        """Let the writer finish what is queued; a parent that does not read any more is not waited for."""
        self._reports.put(None)
        self._writer.join(_FLUSH_SECONDS)
        self._control.close()

    def _read(self) -> None:
        with self._control.makefile("rb") as lines:
            try:
                for line in lines:
                    self._commands.put(decode(line))
            except (OSError, ValueError):
                pass  # a broken channel is the end of input: the cell ends in good order below
        self._commands.put(None)

    def _write(self) -> None:
        while (message := self._reports.get()) is not None:
            try:
                self._control.sendall(message.encode())
            except OSError:
                return  # the reader sees the same end and stops the cell
