"""Fetching recorded sound."""

from __future__ import annotations

import base64
import shutil
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.provider.rest import TIMEOUT_SECONDS, TwilioRest


def fetch(rest: TwilioRest, sid: str, path: Path) -> None:
    """Write a recording's two-channel WAV to `path`. Raises ProviderError, and OSError where it cannot be written."""
    account = rest.account
    secret = base64.b64encode(f"{account.api_key_sid}:{account.api_key_secret}".encode()).decode()
    # Not a redirect's Authorization: where the sound is kept elsewhere, the secret stays here.
    request = urllib.request.Request(rest.media_address(sid))  # noqa: S310 - https, or loopback: see the settings
    request.add_unredirected_header("Authorization", f"Basic {secret}")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer, path.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file)
    except urllib.error.HTTPError as error:
        raise ProviderError(error.code) from error
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise ProviderError(0) from error
