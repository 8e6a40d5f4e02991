"""The script engine port: conversation scripts may come from the bundled plugin or from another's."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from hookline.domain.scripts import ScriptContext, ScriptInfo, ScriptMove, ScriptView


class ScriptEngine(Protocol):
    """Shows scripts and keeps answers. A campaign names a script as "<engine name>:<script id>"."""

    name: ClassVar[str]

    def list_scripts(self, client_id: int) -> list[ScriptInfo]:
        """Scripts that campaigns of this client may use."""
        ...

    def view(self, script_id: str, context: ScriptContext) -> ScriptView:
        """The script with texts filled in and the answers so far; raises NotFound for an unknown one."""
        ...

    def save_answer(self, script_id: str, call_id: int, question: str, value: str, agent_id: int | None) -> None:
        """Keep an answer at once; raises InvalidInput where the value does not fit the question."""
        ...

    def answers(self, call_ids: list[int]) -> dict[int, dict[str, str]]:
        """The present answers by call and question, for exports and the call's page."""
        ...


@runtime_checkable
class GuidedScriptEngine(ScriptEngine, Protocol):
    """An engine whose scripts can lead the agent from step to step: their views have a `guide`."""

    def move(
        self, script_id: str, context: ScriptContext, move: ScriptMove, target: str, agent_id: int | None
    ) -> ScriptView:
        """Go on, back, or aside to the objection `target`, in the call of the context; what is shown then.

        Raises Conflict where an answer is missing or the script leads nowhere, NotFound for an unknown script; the
        conversation stays where it was.
        """
        ...
