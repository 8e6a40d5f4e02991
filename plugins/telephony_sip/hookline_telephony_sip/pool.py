"""The warm pool: cells that are started before anybody needs them, and the count of those in use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from hookline.ports.telephony import NoCapacity
from hookline.text import N_
from hookline_telephony_sip.cell.messages import Message, Ready
from hookline_telephony_sip.errors import BackendStopped
from hookline_telephony_sip.process import CellFiles, CellProcess
from hookline_telephony_sip.settings import SipSettings

log = structlog.get_logger(__name__)

_STOP_SECONDS = 8.0
_SPARE_CELLS = 2  # used ones that may wait beside the fresh ones: starting a process costs more than keeping it
_FAILURES_TO_REPORT = 3
_LONGEST_PAUSE_SECONDS = 30.0


class CellPool:
    """Hands out cells and keeps `warm_cells` of them ready, `max_cells` in all.

    `on_report` and `on_exit` are called from the cells' reader threads; `on_exit` for every cell that ends.
    """

    def __init__(
        self,
        settings: SipSettings,
        files: CellFiles,
        on_report: Callable[[CellProcess, Message], None],
        on_exit: Callable[[CellProcess], None],
    ) -> None:
        self._settings = settings
        self._files = files
        self._on_report = on_report
        self._on_exit = on_exit
        self._changed = threading.Condition()
        self._warm: list[CellProcess] = []
        self._used: set[CellProcess] = set()
        self._leaving: set[CellProcess] = set()
        self._failures = 0  # cells in a row that died before they were ready
        self._stopping = False
        self._keeper = threading.Thread(target=self._keep_warm, name="cell-pool", daemon=True)

    @property
    def failing(self) -> bool:
        """Whether cells keep dying at their start."""
        return self._failures >= _FAILURES_TO_REPORT

    def start(self) -> None:
        """Begin to keep cells warm."""
        self._keeper.start()

    def alive(self) -> int:
        """How many cells run, warm or in use."""
        with self._changed:
            return sum(cell.alive for cell in (*self._warm, *self._used))

    def pids(self) -> list[int]:
        """Their processes."""
        with self._changed:
            return [cell.pid for cell in (*self._warm, *self._used) if cell.alive]

    def take(self) -> CellProcess:
        """A cell for a conversation: a warm one, else a new one, which carries commands out once it is up.

        Raises NoCapacity, BackendStopped.
        """
        with self._changed:
            if self._stopping:
                raise BackendStopped
            cell = next((cell for cell in self._warm if cell.alive), None)
            if cell is not None:
                self._warm.remove(cell)
            elif len(self._used) >= self._settings.max_cells:
                raise NoCapacity(
                    N_("Every telephone cell is in use."),
                    N_("Wait until a conversation ends, or raise the number of cells in the SIP settings."),
                )
            else:
                cell = self._spawn()
            self._used.add(cell)
            self._changed.notify_all()
            return cell

    def give_back(self, cell: CellProcess) -> None:
        """Nobody is in it any more: it waits for the next conversation, or makes room for a fresh one."""
        with self._changed:
            if cell not in self._used:
                return
            self._used.discard(cell)
            worn = cell.served >= self._settings.conversations_per_cell
            spare = len(self._warm) < self._settings.warm_cells + _SPARE_CELLS
            keep = spare and not worn and not self._stopping and cell.alive
            (self._warm.append if keep else self._leaving.add)(cell)
            self._changed.notify_all()
        if not keep:
            cell.quit()

    def stop(self) -> None:
        """End every cell; kills those that do not go by themselves."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            cells = [*self._warm, *self._used, *self._leaving]
        if self._keeper.is_alive():
            self._keeper.join()
        for cell in cells:
            cell.quit()
        deadline = time.monotonic() + _STOP_SECONDS
        for cell in cells:
            if not cell.join(deadline - time.monotonic()):
                cell.kill()
        for cell in cells:
            cell.join(1.0)

    def _spawn(self) -> CellProcess:
        cell = CellProcess(self._settings, self._files, self._hear, self._gone)
        cell.listen()
        return cell

    def _hear(self, cell: CellProcess, report: Message) -> None:
        if isinstance(report, Ready):
            self._failures = 0
        else:
            self._on_report(cell, report)

    def _gone(self, cell: CellProcess) -> None:
        with self._changed:
            if not cell.ready.is_set():
                self._failures += 1
            if cell in self._warm:
                self._warm.remove(cell)
            self._used.discard(cell)
            self._leaving.discard(cell)
            self._changed.notify_all()
        self._on_exit(cell)

    def _keep_warm(self) -> None:
        with self._changed:
            while not self._stopping:
                if self._failures:
                    self._changed.wait(min(_LONGEST_PAUSE_SECONDS, 0.1 * 2.0**self._failures))
                if self._stopping:
                    return
                if self._short():
                    self._warm.append(self._spawn())
                else:
                    self._changed.wait()

    def _short(self) -> bool:
        room = self._settings.max_cells - len(self._used)
        return len(self._warm) < min(self._settings.warm_cells, room)
