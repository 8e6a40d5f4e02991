"""What can be wrong with a script, told so that its author finds the place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hookline.errors import InvalidInput
from hookline.text import N_, fill


@dataclass(frozen=True)
class Problem:
    """One thing to mend: a message id with its params, the line and step (from 1; 0: none), and the entry's name."""

    message: str
    params: dict[str, str] = field(default_factory=dict)
    line: int = 0
    step: int = 0
    name: str = ""
    #: The node of a graph that it is about.
    node: str = ""

    @property
    def place(self) -> tuple[str, dict[str, int | str]]:
        """Where it is, as a message id with its params."""
        if self.node:
            return N_("Line %(line)s (node %(node)s): "), {"line": self.line, "node": self.node}
        if self.step:
            return N_("Line %(line)s (step %(step)s): "), {"line": self.line, "step": self.step}
        return (N_("Line %(line)s: "), {"line": self.line}) if self.line else ("", {})

    @property
    def text(self) -> str:
        """Place and message in English."""
        place, params = self.place
        return fill(place, params) + (f"{self.name}: " if self.name else "") + fill(self.message, self.params)


class InvalidScript(InvalidInput):
    """The text is no usable script; `problems` says where and why. Nothing was saved."""

    id = "invalid-script"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            N_("The script cannot be saved as it is."),
            N_("Mend the lines that are named; your text is still in the form."),
            {"text": [problem.text for problem in self.problems]},
        )
