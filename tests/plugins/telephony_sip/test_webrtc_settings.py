"""The settings by which browsers find the cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError

from hookline.plugin_settings import MASK, PluginSettings
from hookline.settings import load_settings
from hookline_telephony_sip.schemas import SettingsSchema

TURN = {"ice_servers": ["turn:turn.example.com:3478"], "turn_username": "hookline", "turn_password": "s3cret"}


def test_without_settings_nobody_outside_is_asked() -> None:
    browser = SettingsSchema().load({}).browser
    assert browser.ice_servers == ()
    assert len(browser.ports) == 0


def test_a_stun_server_has_no_log_in_and_a_turn_server_has_one() -> None:
    both = {**TURN, "ice_servers": ["stun:stun.example.com", *TURN["ice_servers"]]}
    browser = SettingsSchema().load(both).browser
    assert browser.ice_servers == (
        {"urls": "stun:stun.example.com"},
        {"urls": "turn:turn.example.com:3478", "username": "hookline", "credential": "s3cret"},
    )
    assert "s3cret" not in repr(browser)


def test_with_a_secret_a_log_in_ends_by_itself() -> None:
    servers = ["stun:stun.example.com", *TURN["ice_servers"]]
    browser = SettingsSchema().load({"ice_servers": servers, "turn_secret": "north"}).browser
    stun, turn = browser.servers_at(1_700_000_000.5)
    assert stun == {"urls": "stun:stun.example.com"}
    # echo -n 1700086400:hookline | openssl dgst -sha1 -hmac north -binary | base64
    assert turn == {**turn, "username": "1700086400:hookline", "credential": "dxLeEDR0k1oAk2kxlGmydfFSO88="}
    assert "north" not in repr(browser)


def test_the_range_of_ports_has_both_ends() -> None:
    ports = SettingsSchema().load({"browser_ports": "40000-40999"}).browser.ports
    assert (ports[0], ports[-1]) == (40000, 40999)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"browser_addresses": ["example.com"]}, "browser_addresses"),
        ({"browser_ports": "80-90"}, "browser_ports"),
        ({"browser_ports": "50000-40000"}, "browser_ports"),
        ({"ice_servers": ["https://turn.example.com"]}, "ice_servers"),
        ({"ice_servers": ["turn:turn.example.com:3478"]}, "turn_username"),
        ({**TURN, "turn_secret": "north"}, "turn_secret"),
    ],
)
def test_settings_that_cannot_be_used_are_named(table: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SettingsSchema().load(table)
    assert named in caught.value.normalized_messages()


def test_the_turn_password_comes_from_the_environment_and_is_shown_as_a_mask(tmp_path: Path) -> None:
    home = load_settings(tmp_path, environ={"HOOKLINE_TELEPHONY_SIP__TURN_PASSWORD": "s3cret"})
    settings = PluginSettings("telephony_sip", "hookline_telephony_sip", "schemas:SettingsSchema", home)
    shown = {view.name: view.value for view in settings.views()}
    assert shown["turn_password"] == MASK
