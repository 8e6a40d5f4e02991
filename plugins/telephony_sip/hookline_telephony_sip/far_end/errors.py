"""Errors of the far end."""

from __future__ import annotations

from typing import ClassVar

from hookline.errors import Conflict, HooklineError, InvalidInput, NotFound


class NoCommonCodec(Exception):
    """The offer holds no G.711 audio that we could answer; the caller gets a 488."""


class FarEndConfigInvalid(InvalidInput):
    """The configuration was refused; `fields` names each field that is wrong."""

    id: ClassVar[str] = "far-end-config-invalid"


class NoSuchCall(NotFound):
    """The control channel named a call that is not there any more."""

    id: ClassVar[str] = "no-such-call"


class CallNotReady(Conflict):
    """The call is in a state that does not allow what the control channel asked."""

    id: ClassVar[str] = "call-not-ready"


class FarEndFailed(HooklineError):
    """The far end's process did not start, ended by itself, or did not do what it was asked."""

    id: ClassVar[str] = "far-end-failed"
    status: ClassVar[int] = 503
