"""Several threads at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

_PATIENCE = 60.0


def together(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Do every act on a thread of its own, all let go at once; what each returned or raised, in their order."""
    line = threading.Barrier(len(acts))
    outcomes: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        line.wait(_PATIENCE)
        try:
            outcomes[place] = act()
        except Exception as error:
            outcomes[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE)
        assert not thread.is_alive(), "a thread waits for ever"
    return outcomes


def raised(outcomes: Sequence[object]) -> list[type[Exception]]:
    """The kinds of what was raised."""
    return [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
