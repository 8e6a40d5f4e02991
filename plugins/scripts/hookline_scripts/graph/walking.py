"""Walks a script: forward by its conditions, back, aside to an objection and home again.

Pure: the same in gives the same. What an agent has seen is a path of node ids, the present one last; it can be kept and
read back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from hookline.errors import Conflict
from hookline.text import N_
from hookline_scripts.graph.conditions import Value
from hookline_scripts.graph.model import Lookup, Node, NodeKind, ScriptSource, pick

_MOST_SILENT_STEPS = 1000

#: What another system answers to a lookup: variables, or None where it did not answer.
Ask = Callable[[Lookup, Mapping[str, Value]], Mapping[str, Value] | None]
#: The fields with these variables.
Fields = Callable[[Mapping[str, Value]], Mapping[str, Value]]


class CannotGoOn(Conflict):
    """The walk stays where it is: something is missing, or the script leads nowhere from here."""

    id = "script-cannot-go-on"


@dataclass(frozen=True)
class Place:
    """Where a conversation is. `path`: the nodes shown, the present one last; `variables`: what was set on the way.

    `passed`: the silent nodes between the last two, for the record.
    """

    path: tuple[str, ...]
    variables: Mapping[str, Value] = field(default_factory=dict)
    passed: tuple[str, ...] = ()

    @property
    def node(self) -> str:
        """The present node."""
        return self.path[-1]


@dataclass(frozen=True)
class Walk:
    """A script with the means to go through it. `fields`: what conditions see, given the variables."""

    source: ScriptSource
    fields: Fields
    ask: Ask

    def begin(self) -> Place:
        """At the first node that is shown."""
        return self._arrive(Place(()), self.source.start)

    def forward(self, place: Place, answers: Mapping[str, str]) -> Place:
        """To where the present node leads; raises CannotGoOn where an answer is missing or nothing fits."""
        node = self.source.nodes[place.node]
        require_answers(node, answers)
        to = self._exit(node, place)
        if to is not None:
            return self._arrive(place, to)
        if node.kind is NodeKind.OBJECTION:
            return self.home(place)
        if node.kind is NodeKind.END:
            raise CannotGoOn(N_("The conversation is at its end."), N_("Choose a disposition."))
        raise CannotGoOn(
            N_("The script does not say how it goes on from here."),
            N_("Go back, or end the call and tell your supervisor."),
        )

    def back(self, place: Place) -> Place:
        """To the node before; at the first one it stays."""
        if len(place.path) < 2:
            return place
        return replace(place, path=place.path[:-1], passed=())

    def jump(self, place: Place, node_id: str) -> Place:
        """Aside to an objection, from wherever one is; raises CannotGoOn for any other node."""
        node = self.source.nodes.get(node_id)
        if node is None or node.kind is not NodeKind.OBJECTION:
            raise CannotGoOn(N_("The script has no such objection."), N_("Choose one of the list."))
        return self._shown(replace(place, passed=()), node)

    def home(self, place: Place) -> Place:
        """From an objection to the node where the contact raised it; elsewhere it stays."""
        if self.source.nodes[place.node].kind is not NodeKind.OBJECTION:
            return place
        kinds = ((node_id, self.source.nodes[node_id].kind) for node_id in reversed(place.path))
        origin = next(node_id for node_id, kind in kinds if kind is not NodeKind.OBJECTION)
        return replace(place, path=(*place.path, origin), passed=())

    def _exit(self, node: Node, place: Place) -> str | None:
        fields = self.fields(place.variables)
        for way in node.exits:
            if way.when is None or way.when.holds(fields):
                return way.to
        return None

    def _arrive(self, place: Place, node_id: str) -> Place:
        passed: list[str] = []
        place = replace(place, passed=())
        for _ in range(_MOST_SILENT_STEPS):
            node = self.source.nodes[node_id]
            if not node.silent:
                return self._shown(replace(place, passed=tuple(passed)), node)
            passed.append(node_id)
            place, to = self._through(place, node)
            if to is None:
                raise CannotGoOn(
                    N_("The script does not say how it goes on from here."),
                    N_("Go back, or end the call and tell your supervisor."),
                )
            node_id = to
        raise CannotGoOn(N_("The script runs in a circle."), N_("Go back, and tell your supervisor."))

    def _through(self, place: Place, node: Node) -> tuple[Place, str | None]:
        fields = self.fields(place.variables)
        if node.lookup is not None:
            found = self.ask(node.lookup, fields)
            if found is None:
                return place, node.lookup.fallback
            place = replace(place, variables={**place.variables, **found})
        elif node.sets:
            new = {name: computed.value(fields) for name, computed in node.sets.items()}
            place = replace(place, variables={**place.variables, **new})
        return place, self._exit(node, place)

    def _shown(self, place: Place, node: Node) -> Place:
        if place.path.count(node.id) >= node.visits:
            raise CannotGoOn(
                N_("“%(title)s” was shown %(times)s times in this call: the script allows no more."),
                N_("Take another way, or end the call."),
                params={"title": pick(node.title, "") or node.id, "times": node.visits},
            )
        return replace(place, path=(*place.path, node.id))


def require_answers(node: Node, answers: Mapping[str, str]) -> None:
    """Raises CannotGoOn, naming the first required question of the node that is not answered."""
    for question in node.questions:
        if question.required and not answers.get(question.key):
            raise CannotGoOn(
                N_("“%(question)s” needs an answer."),
                N_("Ask it, and enter what was said."),
                params={"question": pick(question.label, "")},
            )
