"""Settings of mail and webhooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookline.settings import BadSettings, load_settings


def test_the_password_comes_from_the_environment_only(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path, {"HOOKLINE_MAIL_PASSWORD": "hunter2", "HOOKLINE_MAIL_HOST": "mail.example"})
    assert (loaded.mail_password, loaded.mail_host, loaded.mail_port) == ("hunter2", "mail.example", 587)
    assert "hunter2" not in repr(loaded)
    (tmp_path / "hookline.toml").write_text('mail_password = "hunter2"\n')
    with pytest.raises(BadSettings, match="mail_password"):
        load_settings(tmp_path, {})


def test_hosts_of_webhooks_are_a_list(tmp_path: Path) -> None:
    (tmp_path / "hookline.toml").write_text('webhook_allowed_hosts = ["crm.internal", "10.0.0.0/8"]\n')
    assert load_settings(tmp_path, {}).webhook_allowed_hosts == ("crm.internal", "10.0.0.0/8")
    given = {"HOOKLINE_WEBHOOK_ALLOWED_HOSTS": "crm.internal:9000,"}
    assert load_settings(tmp_path, given).webhook_allowed_hosts == ("crm.internal:9000",)


@pytest.mark.parametrize(
    "line", ['webhook_allowed_hosts = ["a:b"]', 'mail_security = "maybe"', "mail_port = 0", 'mail_hots = "typo"']
)
def test_settings_that_mean_nothing_stop_the_start(tmp_path: Path, line: str) -> None:
    (tmp_path / "hookline.toml").write_text(line + "\n")
    with pytest.raises(BadSettings, match=line.split(" ")[0]):
        load_settings(tmp_path, {})
