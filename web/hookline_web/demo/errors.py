"""What the demo says when it cannot run."""

from __future__ import annotations

from hookline.errors import HooklineError


class PortTaken(HooklineError):
    """Somebody else listens on the demo's port."""

    id = "demo-port-taken"

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} is taken by another program (or by another demo).",
            f"Stop that program, or take another port: make demo PORT={port + 1} (hookline demo --port {port + 1}).",
        )


class NotADemo(HooklineError):
    """The folder holds something that the demo did not make, and must not touch."""

    id = "demo-foreign-folder"


class DemoRuns(HooklineError):
    """A demo runs in this folder already."""

    id = "demo-runs"


class DemoIncomplete(HooklineError):
    """A package or a plugin that the demo needs is missing."""

    id = "demo-incomplete"


class PartStopped(HooklineError):
    """The server or the telephone network ended by itself."""

    id = "demo-part-stopped"
