"""The far end put together: the network's socket, the phones' sockets, the media clock, the control channel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .auth import Gatekeeper, Login
from .behaviours import Behaviour
from .call import Call
from .config import FarEndConfig, NumberRule, digits_of
from .control import ControlServer
from .endpoint import Answering, Endpoint
from .errors import FarEndFailed
from .phones import Phones
from .record import Journal
from .rtp import MediaClock

STOP_SECONDS = 1.0


class Numbers:
    """Finds the behaviour of a called number: exact before the longest ending before the longest prefix."""

    def __init__(self, rules: tuple[NumberRule, ...], default: Behaviour) -> None:
        self._exact = {rule.number: rule.behaviour for rule in rules if rule.number}
        self._ends = sorted((rule for rule in rules if rule.ends), key=lambda rule: -len(rule.ends))
        self._prefixes = sorted((rule for rule in rules if rule.prefix), key=lambda rule: -len(rule.prefix))
        self._default = default

    def set(self, number: str, behaviour: Behaviour) -> None:
        """From now on that number behaves so."""
        self._exact[digits_of(number)] = behaviour

    def find(self, user: str) -> Answering:
        """What answers at this user part, with or without "+"."""
        digits = digits_of(user)
        if digits in self._exact:
            return Answering(self._exact[digits])
        for rule in self._ends:
            if digits.endswith(rule.ends):
                return Answering(rule.behaviour)
        for rule in self._prefixes:
            if digits.startswith(rule.prefix):
                return Answering(rule.behaviour)
        return Answering(self._default)


@dataclass(frozen=True)
class Ready:
    """Where the far end listens."""

    network: str
    phones: dict[str, str]
    control: int

    def as_dict(self) -> dict[str, Any]:
        """The ready line's content."""
        return {"ready": True, "network": self.network, "phones": self.phones, "control": self.control}


class FarEnd:
    """The running far end. Use within one event loop."""

    def __init__(self, config: FarEndConfig) -> None:
        self.config = config
        self.calls: dict[str, Call] = {}
        self.journal = Journal()
        self.numbers = Numbers(config.numbers, config.default)
        self.phones = Phones(config.phones)
        self._clock = MediaClock()
        self._endpoints: list[Endpoint] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._control = ControlServer(self)

    async def start(self) -> Ready:
        """Bind every port and begin.

        Raises:
            FarEndFailed: a port is taken.
        """
        network = await self._listen(self.numbers.find, self.config.network_port, self.config.login)
        shared = await self._listen(self.phones.find, self.config.phones_port)
        uris: dict[str, str] = {}
        for phone in self.config.phones:
            endpoint = shared if phone.port is None else await self._listen(self.phones.find, phone.port)
            uris[phone.name] = f"sip:{phone.name}@{endpoint.address[0]}:{endpoint.address[1]}"
        control = await self._control.start(self.config.host, self.config.control_port)
        self._tasks = [asyncio.create_task(self._clock.run()), asyncio.create_task(self._watch())]
        return Ready(f"{network.address[0]}:{network.address[1]}", uris, control)

    async def stop(self) -> None:
        """Hang up every call, wait a moment for the responses, free the ports."""
        for call in list(self.calls.values()):
            call.hang_up("shutdown")
        deadline = asyncio.get_running_loop().time() + STOP_SECONDS
        while asyncio.get_running_loop().time() < deadline and not all(item.settled for item in self._endpoints):
            await asyncio.sleep(0.02)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._control.stop()
        for endpoint in self._endpoints:
            endpoint.close()

    async def _listen(self, resolve: Callable[[str], Answering], port: int, login: Login | None = None) -> Endpoint:
        loop = asyncio.get_running_loop()
        host = self.config.host
        try:
            _, endpoint = await loop.create_datagram_endpoint(
                lambda: Endpoint(resolve, self.calls, self.journal, self._clock, Gatekeeper(login)),
                local_addr=(host, port),
            )
        except OSError as error:
            advice = "Choose another port, or 0 for a free one."
            raise FarEndFailed(f"UDP port {port} on {host} cannot be used: {error.strerror}.", advice) from error
        self._endpoints.append(endpoint)
        return endpoint

    async def _watch(self) -> None:
        """Look once a second for calls whose caller has died."""
        while True:
            await asyncio.sleep(1)
            for call in list(self.calls.values()):
                call.end_if_deaf(self.config.media_timeout_seconds)
