"""How the stand-in misbehaves when a test asks for it: in its answers, and in its callbacks."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Literal

Answering = Literal["429", "500", "503", "lost", "late_500", "refused", "stalled"]
"""`lost`: the request is carried out and no answer comes; `late_500`: it is carried out, and the answer is a 500;
`refused`: neither; `stalled`: no answer until everything is cleared."""

Delivering = Literal["dropped", "duplicated", "late", "after_next", "stale_signature"]
"""`late`: by `seconds`; `after_next`: the next callback of the same call overtakes it."""


@dataclass
class AnswerRule:
    """The next `times` requests whose "METHOD path" matches are answered so."""

    pattern: str
    effect: Answering
    times: int = 1
    retry_after: int | None = None


@dataclass
class DeliveryRule:
    """The next `times` callbacks whose URL matches, and whose form has `words`, are delivered so."""

    pattern: str
    effect: Delivering
    times: int = 1
    seconds: float = 0.0
    words: tuple[tuple[str, str], ...] = ()


class Mischief:
    """The rules in force. Each wears off after its number of times."""

    def __init__(self) -> None:
        self._answers: list[AnswerRule] = []
        self._deliveries: list[DeliveryRule] = []
        self._lock = threading.Lock()
        self.released = threading.Event()

    def answer(self, pattern: str, effect: Answering, times: int = 1, retry_after: int | None = None) -> None:
        """Misbehave in answers."""
        with self._lock:
            self._answers.append(AnswerRule(pattern, effect, times, retry_after))

    def deliver(self, pattern: str, effect: Delivering, times: int = 1, seconds: float = 0.0, **words: str) -> None:
        """Misbehave in callbacks."""
        with self._lock:
            self._deliveries.append(DeliveryRule(pattern, effect, times, seconds, tuple(words.items())))

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._answers.clear()
            self._deliveries.clear()
        self.released.set()

    def for_request(self, method: str, path: str) -> AnswerRule | None:
        """The rule for this request, used up by one."""
        with self._lock:
            for rule in self._answers:
                if rule.times > 0 and re.search(rule.pattern, f"{method} {path}"):
                    rule.times -= 1
                    return rule
        return None

    def for_callback(self, url: str, form: dict[str, str]) -> DeliveryRule | None:
        """The rule for this callback, used up by one."""
        with self._lock:
            for rule in self._deliveries:
                fits = all(form.get(name) == value for name, value in rule.words)
                if rule.times > 0 and fits and re.search(rule.pattern, url):
                    rule.times -= 1
                    return rule
        return None
