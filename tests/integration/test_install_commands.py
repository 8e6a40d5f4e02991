"""`hookline init` and `hookline users`, on real databases."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hookline.bootstrap import Runtime
from hookline.cli import cli
from hookline.commands import password
from hookline.db.migrate import MigrationsPending
from hookline.db.models import Client
from hookline.domain.access import Role
from hookline.errors import Conflict, InvalidInput, NotFound
from hookline.settings import load_settings


class Shell:
    """Types commands in one installation's folder."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.home = home
        self.environment = {"HOOKLINE_HOME": str(home), "HOOKLINE_DATABASE_URL": database_url}

    def run(self, *arguments: str, keys: str = "") -> Result:
        """The command's result; what it raised stands in `exception`."""
        return CliRunner().invoke(cli, arguments, input=keys, env=self.environment)

    def build(self) -> Runtime:
        """The installation."""
        return Runtime(load_settings(self.home, self.environment))

    def output(self, *arguments: str, keys: str = "") -> str:
        """What a command printed that must succeed."""
        done = self.run(*arguments, keys=keys)
        assert done.exit_code == 0, done.output + repr(done.exception)
        return done.output


@pytest.fixture
def shell(tmp_path: Path, empty_url: str) -> Shell:
    return Shell(tmp_path, empty_url)


@pytest.fixture
def runtime(shell: Shell) -> Iterator[Runtime]:
    """The installation after `hookline init --client Acme`."""
    shell.output("init", "--client", "Acme")
    made = shell.build()
    yield made
    made.close()


def _shown_password(output: str) -> str:
    found = re.search(r"shown this once: (\S+)", output)
    assert found
    return found.group(1)


def test_init_makes_an_installation_somebody_can_log_in_to(shell: Shell) -> None:
    output = shell.output("init", "--admin", "Ewa", "--client", "Acme", "--language", "pl")
    assert "hookline serve" in output
    runtime = shell.build()
    user = runtime.identity.check_password("ewa", _shown_password(output))
    assert user is not None
    assert (user.role, user.language) == (Role.ADMINISTRATOR, "pl")
    with runtime.db.read() as session:
        assert [c.name for c in session.query(Client)] == ["Acme"]
    runtime.close()


def test_running_init_again_writes_nothing_twice(shell: Shell) -> None:
    shell.output("init", "--client", "Acme")
    again = shell.output("init", "--client", "Acme", "--admin", "other")
    assert "shown this once" not in again
    assert again.count("was there already") == 2
    assert shell.output("users", "list").split() == ["admin", "administrator", "Admin"]


def test_init_adds_a_further_client_by_name(shell: Shell) -> None:
    shell.output("init", "--client", "Acme")
    assert "Client: Bis (added)." in shell.output("init", "--client", "Bis")


def test_init_without_a_client_says_how_to_add_one(shell: Shell) -> None:
    assert "--client NAME" in shell.output("init")


def test_the_password_may_come_from_a_file(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("a long enough secret\n")
    assert "a long enough secret" not in shell.output("init", "--password-file", str(file))
    runtime = shell.build()
    assert runtime.identity.check_password("admin", "a long enough secret")
    runtime.close()


def test_a_weak_or_unreadable_password_file_stops_before_the_user_is_made(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "weak.txt").write_text("short\n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    for name in ("weak.txt", "binary.txt", "not there.txt"):
        assert isinstance(shell.run("init", "--password-file", str(tmp_path / name)).exception, InvalidInput)
    assert shell.output("users", "list") == ""


def test_at_the_keyboard_it_asks_twice(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password, "interactive", lambda: True)
    keys = "ewa\nfirst password\ndifferent one\nsecret password\nsecret password\nAcme\n"
    output = shell.output("init", keys=keys)
    assert "secret password" not in output
    assert "Client: Acme (added)." in output
    runtime = shell.build()
    assert runtime.identity.check_password("ewa", "secret password")
    runtime.close()


def test_at_the_keyboard_enter_makes_a_password_up(
    shell: Shell, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password, "interactive", lambda: True)
    output = shell.output("users", "add", "ola", keys="\n\n")
    assert runtime.identity.check_password("ola", _shown_password(output))


def test_users_are_added_with_role_language_and_clients(shell: Shell, runtime: Runtime) -> None:
    output = shell.output(
        "users", "add", "Ola", "--name", "Ola Nowak", "--role", "supervisor", "--language", "pl", "--client", "Acme"
    )
    user = runtime.identity.check_password("ola", _shown_password(output))
    assert user is not None
    assert (user.display_name, user.role, user.language) == ("Ola Nowak", "supervisor", "pl")
    assert runtime.identity.clients_of(user.id) == [1]


def test_an_unknown_client_is_named_with_those_there_are(shell: Shell, runtime: Runtime) -> None:
    error = shell.run("users", "add", "ola", "--role", "supervisor", "--client", "Nobody").exception
    assert isinstance(error, NotFound)
    assert "Nobody" in error.message
    assert "Acme" in error.advice
    assert len(runtime.identity.list_users()) == 1


def test_a_taken_login_is_refused(shell: Shell, runtime: Runtime) -> None:
    assert isinstance(shell.run("users", "add", "ADMIN").exception, InvalidInput)
    assert len(runtime.identity.list_users()) == 1


def test_deactivating_keeps_the_user_and_ends_the_sessions(shell: Shell, runtime: Runtime) -> None:
    made_up = _shown_password(shell.output("users", "add", "ola"))
    before = runtime.identity.get_user(2)
    shell.output("users", "deactivate", "Ola")
    assert runtime.identity.check_password("ola", made_up) is None
    assert runtime.identity.get_user(2).session_version > before.session_version
    assert "(deactivated)" in shell.output("users", "list")


def test_the_last_administrator_stays(shell: Shell, runtime: Runtime) -> None:
    assert isinstance(shell.run("users", "deactivate", "admin").exception, Conflict)
    assert runtime.identity.get_user(1).active


def test_a_new_password_replaces_the_old_one(shell: Shell, runtime: Runtime) -> None:
    old = _shown_password(shell.output("users", "add", "ola"))
    new = _shown_password(shell.output("users", "set-password", "ola"))
    assert runtime.identity.check_password("ola", old) is None
    assert runtime.identity.check_password("ola", new)


def test_a_user_who_is_not_there_is_named(shell: Shell, runtime: Runtime) -> None:
    for command in ("deactivate", "set-password"):
        assert isinstance(shell.run("users", command, "nobody").exception, NotFound)
    assert len(runtime.identity.list_users()) == 1


def test_without_init_the_commands_say_what_to_do(shell: Shell) -> None:
    error = shell.run("users", "list").exception
    assert isinstance(error, MigrationsPending)
    assert "hookline init" in error.advice


def test_an_error_is_printed_for_people(shell: Shell) -> None:
    program = Path(sys.executable).parent / "hookline"
    done = subprocess.run(
        [program, "users", "list"],
        env={**shell.environment, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "hookline init" in done.stderr
    assert "Traceback" not in done.stderr
