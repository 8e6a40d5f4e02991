"""What Twilio asks and tells: verified first, then led to whom it concerns. Knows nothing of the web framework.

Who is not known is answered like one whose call is over: nothing tells a stranger, or the holder of another account,
which calls there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hookline.ports.telephony import StationKind
from hookline.text import N_
from hookline.webhook_in import WebhookRefused
from hookline_telephony_twilio.accounts import Account
from hookline_telephony_twilio.documents import Documents
from hookline_telephony_twilio.following import Following, Message
from hookline_telephony_twilio.inbound import Inbound
from hookline_telephony_twilio.provider import twiml
from hookline_telephony_twilio.provider.signature import is_genuine, signed_address
from hookline_telephony_twilio.provider.tokens import identity_of
from hookline_telephony_twilio.shared import Shared
from hookline_telephony_twilio.table import LegEntry
from hookline_telephony_twilio.taping import Taping
from hookline_telephony_twilio.voicemail import Voicemail

NOTHING = ""
"""The answer to what is only told."""


@dataclass(frozen=True)
class Incoming:
    """A request as it came. `raw_path` with its query, percent-encoded; `form` None for a body that is no form."""

    raw_path: str
    signature: str
    settings_header: str
    form: Mapping[str, Sequence[str]] | None
    body: bytes = b""


class Webhooks:
    """Takes them in."""

    def __init__(
        self,
        shared: Shared,
        following: Following,
        inbound: Inbound,
        documents: Documents,
        taping: Taping,
        voicemail: Voicemail,
    ) -> None:
        self._shared, self._following, self._inbound = shared, following, inbound
        self._documents, self._taping, self._voicemail = documents, taping, voicemail

    def verified(self, incoming: Incoming) -> tuple[Account, Message]:
        """The account that signed it, and its fields. Raises WebhookRefused."""
        fields = {name: values[-1] for name, values in (incoming.form or {}).items() if values}
        account = self._shared.accounts.by_sid(fields.get("AccountSid", ""))
        address = signed_address(self._shared.settings.public_url, incoming.raw_path)
        genuine = account is not None and is_genuine(
            account.auth_token,
            address,
            signature=incoming.signature,
            settings_header=incoming.settings_header,
            form=incoming.form,
            body=incoming.body,
        )
        if account is None or not genuine:
            raise WebhookRefused(N_("This message is not from Twilio."), N_("See `hookline twilio doctor`."))
        return account, fields

    def voice(self, account: Account, leg_id: str, message: Message, query: Mapping[str, str]) -> str:
        """A leg's call asks what to do."""
        with self._shared.lock:
            entry = self._asking(account, leg_id, message)
            if entry is None:
                return twiml.hang_up()
            self._following.answered(entry)
            return self._documents.next(
                entry, done=query.get("done", ""), sent=query.get("sent", ""), apart="apart" in query
            )

    def digits(self, account: Account, leg_id: str, message: Message, query: Mapping[str, str]) -> str:
        """Keys were pressed."""
        with self._shared.lock:
            entry = self._asking(account, leg_id, message)
            if entry is None:
                return twiml.hang_up()
            step = query.get("step", "")
            self._following.pressed(entry, int(step) if step.isdigit() else -1, message.get("Digits", ""))
            return self._documents.next(entry)

    def call(self, account: Account, leg_id: str, message: Message, _query: Mapping[str, str]) -> str:
        """The state of a leg's call."""
        entry = self._leg(account, leg_id)
        if entry is not None:
            self._following.status(entry, message)
        return NOTHING

    def amd(self, account: Account, leg_id: str, message: Message, _query: Mapping[str, str]) -> str:
        """Who answered."""
        entry = self._leg(account, leg_id)
        if entry is not None and entry.sid == message.get("CallSid"):
            self._following.answerer(entry, message)
        return NOTHING

    def conference(self, account: Account, room_id: str, message: Message, _query: Mapping[str, str]) -> str:
        """What goes on in a conference."""
        caller = self._shared.table.of_sid(message.get("CallSid", ""))
        if caller is None or caller.account == account:
            self._following.conference(room_id, message)
        return NOTHING

    def recording(self, account: Account, recording_id: str, message: Message, _query: Mapping[str, str]) -> str:
        """How a recording stands."""
        leg = self._shared.table.of_sid(message.get("CallSid", ""))
        if leg is None or leg.account == account:
            self._taping.told(recording_id, message.get("RecordingSid", ""), message.get("RecordingStatus", ""))
        return NOTHING

    def inbound(self, account: Account, _key: str, message: Message, _query: Mapping[str, str]) -> str:
        """Somebody calls one of our numbers."""
        return self._inbound.offered(account, message)

    def inbound_wait(self, account: Account, leg_id: str, message: Message, _query: Mapping[str, str]) -> str:
        """Who calls in waits on, or is talked to already."""
        with self._shared.lock:
            entry = self._asking(account, leg_id, message)
            if entry is None:
                return twiml.hang_up()
            if not entry.offered:
                return self.voice(account, leg_id, message, {})
            return self._inbound.wait(entry)

    def queue(self, account: Account, leg_id: str, message: Message, _query: Mapping[str, str]) -> str:
        """What somebody hears in the queue."""
        entry = self._asking(account, leg_id, message)
        return self._inbound.music(entry, message) if entry is not None else twiml.hang_up()

    def inbound_status(self, account: Account, _key: str, message: Message, _query: Mapping[str, str]) -> str:
        """The state of a call that came in."""
        return self._told_by_sid(account, message)

    def voicemail(self, account: Account, _key: str, message: Message, _query: Mapping[str, str]) -> str:
        """Somebody may leave a message."""
        return self._voicemail.ask(message)

    def voicemail_over(self, _account: Account, _key: str, _message: Message, _query: Mapping[str, str]) -> str:
        """He has."""
        return twiml.hang_up()

    def voicemail_told(self, account: Account, _key: str, message: Message, _query: Mapping[str, str]) -> str:
        """Twilio has his message."""
        self._voicemail.told(account, message)
        return NOTHING

    def app(self, account: Account, _key: str, message: Message, _query: Mapping[str, str]) -> str:
        """A browser calls, for the leg that it names: it must call as that leg."""
        leg_id = message.get("leg", "")
        with self._shared.lock:
            entry = self._leg(account, leg_id)
            caller = message.get("From", "").removeprefix("client:")
            if entry is None or entry.station is not StationKind.BROWSER or caller != identity_of(leg_id):
                return twiml.hang_up()
            if entry.leaving is not None or message.get("CallSid", "") in {"", *entry.former}:
                return twiml.hang_up()
            self._following.browser_called(entry, message["CallSid"])
            return self._documents.next(entry)

    def app_status(self, account: Account, _key: str, message: Message, _query: Mapping[str, str]) -> str:
        """The state of a browser's call."""
        return self._told_by_sid(account, message)

    def _told_by_sid(self, account: Account, message: Message) -> str:
        entry = self._shared.table.of_sid(message.get("CallSid", ""))
        if entry is not None and entry.account == account:
            self._following.status(entry, message)
        return NOTHING

    def _leg(self, account: Account, leg_id: str) -> LegEntry | None:
        entry = self._shared.table.legs.get(leg_id)
        return entry if entry is not None and entry.account.account_sid == account.account_sid else None

    def _asking(self, account: Account, leg_id: str, message: Message) -> LegEntry | None:
        """The leg whose call asks for a document; None where the call is not (or no more) the leg's."""
        entry, sid = self._leg(account, leg_id), message.get("CallSid", "")
        if entry is None or not sid or entry.ended is not None:
            return None
        if entry.sid == sid:
            return entry
        if entry.sid or entry.station is StationKind.BROWSER:
            return None
        return entry if self._following.adopt(entry, sid) else None
