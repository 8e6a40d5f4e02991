"""What the tests of the Twilio backend and of its stand-in share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.plugins.telephony_twilio.receiver import Scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    """The stand-in alone, with a receiver in the plugin's place."""
    scene = Scene()
    yield scene
    scene.close()
