"""The agents' phones that the far end plays, and how to use a real softphone in place of one."""

from __future__ import annotations

from .behaviours import Behaviour
from .config import PhoneConfig
from .endpoint import Answering


class Phones:
    """The agents' phones by their user part."""

    def __init__(self, phones: tuple[PhoneConfig, ...]) -> None:
        self._phones = {phone.name: phone for phone in phones}

    def set(self, phone: PhoneConfig) -> None:
        """Change a phone's behaviour, or add one on the shared port."""
        self._phones[phone.name] = phone

    def find(self, user: str) -> Answering:
        """The phone of that user part; 404 if there is none."""
        phone = self._phones.get(user)
        if phone is None:
            return Answering(Behaviour(kind="invalid", ring_seconds=0))
        return Answering(phone.behaviour(), phone.name)


def softphone_hint(port: int = 5062) -> str:
    """Text that tells a person how to point a real softphone at Hookline."""
    return (
        "To talk with your own voice instead of a played phone, run a softphone on this machine.\n"
        f"1. Let it listen for SIP over UDP on 127.0.0.1, port {port} (any free port will do).\n"
        "2. It needs no account and must not register anywhere: Hookline calls it directly, and it must accept\n"
        "   such direct calls. The codec is G.711 (PCMA or PCMU), without encryption (SRTP).\n"
        f"3. Enter its address, sip:you@127.0.0.1:{port}, as your station, go ready, and take the call that comes.\n"
        f"With baresip: sip_listen 127.0.0.1:{port} in its config, <sip:you@127.0.0.1:{port}>;regint=0 in its\n"
        "accounts; it rings, and the key a answers (or ;answermode=auto after regint=0)."
    )
