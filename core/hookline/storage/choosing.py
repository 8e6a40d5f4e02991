"""The store that an installation's settings ask for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from hookline.errors import NotConfigured
from hookline.ports.clock import Clock
from hookline.ports.recording_store import RecordingStore
from hookline.storage.local import LocalStore
from hookline.text import N_

if TYPE_CHECKING:
    from hookline.settings import Settings


def stores_for(settings: Settings, clock: Clock) -> tuple[LocalStore, RecordingStore]:
    """The working folder as a store, and the one where recordings are to end up (the same by default).

    Raises NotConfigured where its extra is not installed. Asks nothing of the store yet.
    """
    local = LocalStore(settings.recordings_dir, clock)
    if not settings.recording_store:
        return local, local
    try:
        s3 = importlib.import_module("hookline.storage.s3")
    except ModuleNotFoundError as error:
        raise NotConfigured(
            N_("The setting recording_store names an S3 store, but boto3 is not installed."),
            N_("Run: pip install 'hookline[s3]'"),
        ) from error
    store: RecordingStore = s3.S3Store(
        settings.recording_store,
        clock,
        endpoint=settings.recording_store_endpoint,
        region=settings.recording_store_region,
    )
    return local, store
