"""Which Twilio account a client's calls go by: the installation's own, or a sub-account of the client's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hookline_telephony_twilio.settings import TwilioSettings


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account with what it takes to use it. `client_id` None: for every client without one of its own."""

    account_sid: str
    api_key_sid: str
    api_key_secret: str = field(repr=False)
    auth_token: str = field(repr=False)
    caller_id: str = ""
    app_sid: str = ""
    client_id: int | None = None
    name: str = ""

    @property
    def usable(self) -> bool:
        """Whether requests can be made and messages checked."""
        return bool(self.account_sid and self.api_key_sid and self.api_key_secret and self.auth_token)


#: The clients' own accounts, as they are set up now.
SubAccounts = Callable[[], list[Account]]


class Accounts:
    """Finds accounts."""

    def __init__(self, settings: TwilioSettings, sub_accounts: SubAccounts = list) -> None:
        self._main = Account(
            account_sid=settings.account_sid,
            api_key_sid=settings.api_key_sid,
            api_key_secret=settings.api_key_secret,
            auth_token=settings.auth_token,
            caller_id=settings.caller_id,
            app_sid=settings.app_sid,
        )
        self._sub_accounts = sub_accounts

    def of_client(self, client_id: int | None) -> Account | None:
        """The account of this client: its own, else the installation's; None where neither can be used.

        A client with an account of its own never uses another's: what is paid and recorded there is its own.
        """
        for account in self._sub_accounts():
            if account.client_id == client_id and client_id is not None:
                return account if account.usable else None
        return self._main if self._main.usable else None

    def by_sid(self, account_sid: str) -> Account | None:
        """The account that calls itself so in a message."""
        return self.all().get(account_sid)

    def all(self) -> Mapping[str, Account]:
        """Every usable account, by its SID."""
        found = [self._main, *self._sub_accounts()]
        return {account.account_sid: account for account in found if account.usable}
