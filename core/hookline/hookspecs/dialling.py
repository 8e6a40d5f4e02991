"""Hooks of the dial gate."""

from __future__ import annotations

from hookline.contributions import Policy
from hookline.domain.dialling import DialRequest, Refusal
from hookline.hookspecs.markers import hookspec


@hookspec
def hookline_register_policies() -> list[Policy]:
    """Contribute dial policies that campaigns can require by name ("<plugin>.<rule>"). Since 1.0.

    Fires: once at start.
    Returns: the policies that this plugin's `hookline_dial_refusals` enforces; empty for none. A name clash is a
    start-up error.
    An error: the plugin is marked failed. A campaign that requires one of its policies stops dialling and says why.
    """


@hookspec
def hookline_dial_refusals(request: DialRequest) -> list[Refusal]:
    """Say why this attempt must not be made. Since 1.0.

    Fires: for every outbound attempt, whoever asks, before any backend is touched; while the lock on the contact and
    the number is held. Must answer within two seconds and only read: a late answer counts as a refusal. Comes on any
    thread, several at once; while the plugin is quarantined too.
    request: the attempt.
    Returns: every reason against it; an empty list (or None) for no objection. All plugins' answers are kept.
    An error: counts as a refusal (fail closed).
    """
