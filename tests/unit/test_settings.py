"""Settings: nothing has to be set, and whatever is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookline.settings import BadSettings, load_settings


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    assert settings.data_dir == tmp_path / "var"
    assert settings.database_url == f"sqlite:///{tmp_path / 'var' / 'hookline.db'}"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.recordings_dir == tmp_path / "var" / "recordings"
    assert not settings.data_dir.exists(), "reading settings makes nothing"


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "hookline.toml").write_text('port = 9000\ndata_dir = "data"\n[plugins.telephony_sip]\nport = 5080\n')
    settings = load_settings(tmp_path, {"HOOKLINE_PORT": "9001"})
    assert settings.port == 9001
    assert settings.data_dir == tmp_path / "data"
    assert settings.plugins["telephony_sip"] == {"port": 5080}


def test_the_folder_may_come_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "hookline.toml").write_text("session_hours = 3\n")
    assert load_settings(None, {"HOOKLINE_HOME": str(tmp_path)}).session_hours == 3


def test_disabled_plugins_are_a_list_separated_by_commas(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {"HOOKLINE_DISABLED_PLUGINS": "gdpr,scripts"}).disabled_plugins == (
        "gdpr",
        "scripts",
    )
    assert load_settings(tmp_path, {"HOOKLINE_DISABLED_PLUGINS": ""}).disabled_plugins == ()


@pytest.mark.parametrize(
    ("content", "environment", "named"),
    [
        ("port = 70000", {}, "port"),
        ("prot = 8000", {}, "prot"),
        ("port = [", {}, "hookline.toml"),
        ("", {"HOOKLINE_PORT": "eight"}, "port"),
        ("browser_grace_seconds = 1", {}, "browser_grace_seconds"),
        ("plugins = 3", {}, "plugins"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str, environment: dict[str, str], named: str) -> None:
    (tmp_path / "hookline.toml").write_text(content)
    with pytest.raises(BadSettings, match=named) as refused:
        load_settings(tmp_path, environment)
    assert refused.value.advice


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "hookline.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSettings, match=r"hookline\.toml"):
        load_settings(tmp_path, {})


def test_the_driver_of_a_postgresql_url_need_not_be_named(tmp_path: Path) -> None:
    for scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        settings = load_settings(tmp_path, {"HOOKLINE_DATABASE_URL": f"{scheme}://me:p%40ss@db.invalid/hookline"})
        assert settings.database_url == "postgresql+psycopg://me:p%40ss@db.invalid/hookline"


def test_any_setting_may_be_the_text_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://me:secret@db.invalid/hookline\n")
    settings = load_settings(tmp_path, {"HOOKLINE_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert settings.database_url == "postgresql+psycopg://me:secret@db.invalid/hookline"
    with pytest.raises(BadSettings, match="HOOKLINE_MAIL_PASSWORD_FILE"):
        load_settings(tmp_path, {"HOOKLINE_MAIL_PASSWORD_FILE": str(tmp_path / "nothing")})
