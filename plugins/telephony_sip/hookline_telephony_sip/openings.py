"""The commands that make a leg, from what the port was asked for."""

from __future__ import annotations

import time

from hookline.ports.telephony import ConnectStation, PlaceCall
from hookline_telephony_sip.addresses import custom_headers, station_uri, user_part
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.outbound import routes
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trunk import Trunk

_ANSWER_SECONDS = 10.0  # in which an announced call must have reached its cell


def dial_number(command: PlaceCall, trunks: list[Trunk], reply_seconds: float) -> msg.Dial:
    """Call a number by the first of these trunks that carries it. Raises InvalidSipValue."""
    return msg.Dial(
        leg=command.leg_id,
        routes=routes(trunks, command.number, command.caller_id, reply_seconds),
        ring_timeout=command.ring_timeout_seconds,
        headers=custom_headers(command.headers),
        conversation=command.conversation_id,
        call=command.headers.get("Call", ""),
        kind=command.kind.value,
        detect=command.detect_answerer,
    )


def dial_station(command: ConnectStation, trunks: list[Trunk], settings: SipSettings) -> msg.Dial:
    """Ring a station: by these trunks where it is a number, at its URI where there is none. Raises InvalidSipValue."""
    if trunks:
        ways = routes(trunks, command.address, command.caller_id, settings.reply_seconds)
    else:
        caller = user_part(command.caller_id or "hookline", "the caller ID")
        ways = (msg.Route(station_uri(command.address), f"sip:{caller}@{settings.cell_address}"),)
    return msg.Dial(
        leg=command.leg_id,
        routes=ways,
        ring_timeout=command.ring_timeout_seconds,
        conversation=command.conversation_id,
        kind=command.kind.value,
    )


def open_browser(command: ConnectStation, settings: SipSettings) -> msg.OpenBrowser:
    """Wait for a browser."""
    browser = settings.browser
    return msg.OpenBrowser(
        leg=command.leg_id,
        conversation=command.conversation_id,
        kind=command.kind.value,
        grace=command.ring_timeout_seconds,
        addresses=browser.addresses,
        ports=(browser.ports[0], browser.ports[-1]) if browser.ports else (),
        ice_servers=browser.servers_at(time.time()),
    )


def expect_call(leg: str, conversation: str, token: str, trunk: Trunk) -> msg.Expect:
    """Take a call that the listener will send."""
    return msg.Expect(
        leg=leg,
        token=token,
        conversation=conversation,
        patience=_ANSWER_SECONDS,
        codecs=tuple(trunk.codecs),
        dtmf=trunk.dtmf.value,
    )
