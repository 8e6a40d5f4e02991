"""What ended since the last tick: as the events say, and from the ages alone where a source of snapshots has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hookline.pacing.decision import PacingSnapshot

#: Ages of one call or talk in two ticks may differ so much from the time between them, as a share of it.
_TOLERANCE = 0.3


class Ended(NamedTuple):
    """Something ended at an age; a weight below 1 where it is not certain what."""

    kind: str  # answer, fail, talk_end, wrap_end
    seconds: float
    weight: float = 1.0


KINDS = ("answer", "fail", "talk_end", "wrap_end")


class Happenings:
    """Reads ticks one after the other."""

    def __init__(self) -> None:
        self._told: set[str] = set()  # kinds that events have told of

    def between(self, before: PacingSnapshot | None, now: PacingSnapshot, step: float) -> Iterator[Ended]:
        """What ended. Nothing is inferred without a tick before this one, `step` seconds ago (0: not inferable)."""
        rings: list[Ended] = []
        for kind, _, seconds in now.events:
            if kind in KINDS:
                self._told.add(kind)
                ended = Ended(kind, seconds)
                if kind in ("answer", "fail"):
                    rings.append(ended)
                yield ended
        if before is None or step <= 0:
            return
        if (missing := missing_rings(before, now) - len(rings)) > 0:
            yield from self._untold_rings(before, now, step, rings, missing)
        for kind, old, new in (
            ("talk_end", before.talking, now.talking),
            ("wrap_end", before.wrapping, now.wrapping),
        ):
            if old and kind not in self._told:
                yield from (Ended(kind, age) for age in vanished(old, new, step))

    def _untold_rings(
        self, before: PacingSnapshot, now: PacingSnapshot, step: float, told: list[Ended], missing: int
    ) -> Iterator[Ended]:
        gone = vanished(before.ringing, now.ringing, step)
        newcomers = len(now.ringing) - len(before.ringing) + len(gone)
        gone += [step] * (placed(before, now) - newcomers)
        for ended in told:
            if gone:
                gone.remove(min(gone, key=lambda age: abs(age - ended.seconds)))
        gone = gone[:missing]
        answers = 0 if "answer" in self._told else max(0, now.answered - before.answered)
        young = [age for age in gone if age < now.ring_timeout - step / 2] or gone
        share = min(1.0, answers / len(young)) if young else 0.0
        for age in gone:
            sure = share if age in young else 0.0
            if sure > 0:
                yield Ended("answer", age, sure)
            if sure < 1:
                yield Ended("fail", age, 1 - sure)


def placed(before: PacingSnapshot, now: PacingSnapshot) -> int:
    """Calls placed since."""
    return max(0, now.dialled - before.dialled)


def missing_rings(before: PacingSnapshot, now: PacingSnapshot) -> int:
    """How many calls have stopped ringing since."""
    return max(0, len(before.ringing) + placed(before, now) - len(now.ringing))


def vanished(before: Sequence[float], now: Sequence[float], step: float) -> list[float]:
    """Ages that those would have by now which are not there any more."""
    present, tolerance = sorted(now), _TOLERANCE * step
    gone, at = [], 0
    for age in sorted(age + step for age in before):
        while at < len(present) and present[at] < age - tolerance:
            at += 1
        if at < len(present) and present[at] <= age + tolerance:
            at += 1
        else:
            gone.append(age)
    return gone
