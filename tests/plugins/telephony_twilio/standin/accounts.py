"""The accounts of the stand-in, and what they own. The secrets here are none: they open nothing but the stand-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

ACCOUNT_SID = "AC" + "0a" * 16
AUTH_TOKEN = "c0ffee" * 5 + "00"
API_KEY = "SK" + "1b" * 16
API_SECRET = "the-stand-ins-api-secret-of-32-ch"
APP_SID = "AP" + "2c" * 16
CALLER_ID = "+48221000000"
SUB_ACCOUNT_SID = "AC" + "3d" * 16
SUB_AUTH_TOKEN = "decaf0" * 5 + "11"
SUB_API_KEY = "SK" + "4e" * 16
SUB_API_SECRET = "the-sub-accounts-secret-of-32-chs"
SUB_APP_SID = "AP" + "5f" * 16
SUB_CALLER_ID = "+48222000000"


@dataclass
class Number:
    """A telephone number that the account owns."""

    sid: str
    number: str
    voice_url: str = ""
    status_callback: str = ""
    application_sid: str = ""


@dataclass
class Application:
    """A TwiML application: where the calls of browsers go."""

    sid: str
    name: str = "Hookline"
    voice_url: str = ""
    status_callback: str = ""


@dataclass
class Account:
    """One account: its credentials, what it owns, and how much it may do at once (0: as much as it likes)."""

    sid: str
    token: str
    owner: str
    keys: dict[str, str]
    numbers: dict[str, Number] = field(default_factory=dict)
    applications: dict[str, Application] = field(default_factory=dict)
    verified: list[str] = field(default_factory=list)
    countries: set[str] = field(default_factory=lambda: {"PL", "DE", "CZ"})
    status: str = "active"
    balance: str = "123.45"
    concurrent_calls: int = 0
    calls_per_second: float = 0.0
    next_call_at: datetime | None = None


def fresh_accounts() -> dict[str, Account]:
    """A main account and one sub-account of it, each with a number and a TwiML application of its own."""
    main = Account(ACCOUNT_SID, AUTH_TOKEN, ACCOUNT_SID, {API_KEY: API_SECRET})
    sub = Account(SUB_ACCOUNT_SID, SUB_AUTH_TOKEN, ACCOUNT_SID, {SUB_API_KEY: SUB_API_SECRET})
    for account, number, application in ((main, CALLER_ID, APP_SID), (sub, SUB_CALLER_ID, SUB_APP_SID)):
        account.numbers[number] = Number("PN" + account.sid[2:], number)
        account.applications[application] = Application(application)
    return {main.sid: main, sub.sid: sub}


def may_touch(accounts: dict[str, Account], user: str, secret: str, sid: str) -> bool:
    """Whether these credentials open that account.

    A token opens its own account and, being the owner's, the sub-accounts; an API key its own account alone.
    """
    account = accounts.get(sid)
    if account is None:
        return False
    owner = accounts.get(account.owner)
    tokens = {account.sid: account.token, **({owner.sid: owner.token} if owner else {})}
    return secret != "" and {**account.keys, **tokens}.get(user) == secret
