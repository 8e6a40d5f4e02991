"""What is wrong with a datagram."""

from __future__ import annotations


class MalformedMessage(Exception):
    """A datagram that is not a SIP message we understand. It is dropped and counted; no person reads it."""
