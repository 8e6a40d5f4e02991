"""pluggy's markers under the project's name."""

from pluggy import HookimplMarker, HookspecMarker

hookspec = HookspecMarker("hookline")
hookimpl = HookimplMarker("hookline")
