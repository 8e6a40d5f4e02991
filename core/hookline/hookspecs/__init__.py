"""The contract between Hookline and its plugins. One file per domain; no logic. See docs/reference/hooks.md.

A plugin is a package with a `manifest.toml` and a module `hooks` with a class `Hooks`, made once per start with a
`PluginContext`; its methods marked `@hookimpl` are the implementations.
"""

from hookline.hookspecs.markers import hookimpl

__all__ = ["hookimpl"]
