"""Access tokens: with one a browser may call our TwiML application, for a short while and as nobody else."""

from __future__ import annotations

from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from hookline_telephony_twilio.accounts import Account

TOKEN_SECONDS = 600
"""How long a token lasts; the page asks for another before."""


def identity_of(leg_id: str) -> str:
    """By which name the leg's browser calls: it tells nobody's name."""
    return f"hookline-{leg_id}"


def browser_token(account: Account, leg_id: str, region: str = "") -> str:
    """A token for the browser of this leg: it may call the account's application, and nobody can call it."""
    token = AccessToken(
        account.account_sid,
        account.api_key_sid,
        account.api_key_secret,
        identity=identity_of(leg_id),
        ttl=TOKEN_SECONDS,
        region=region or None,
    )
    token.add_grant(VoiceGrant(outgoing_application_sid=account.app_sid, incoming_allow=False))
    return str(token.to_jwt())
