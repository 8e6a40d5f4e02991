"""Where a password comes from at the command line: a file, the keyboard, or made up here."""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from hookline.errors import InvalidInput
from hookline.services.passwords import MINIMUM_LENGTH

_GENERATED_BYTES = 12


@dataclass(frozen=True)
class NewPassword:
    """A password, and whether nobody knows it yet because it was made up here."""

    value: str
    generated: bool

    def announce(self, login: str) -> None:
        """Print a made-up password, the only time it is ever shown."""
        if self.generated:
            click.echo(f"The password of {login}, shown this once: {self.value}")


def interactive() -> bool:
    """Whether a person sits at the keyboard who can be asked."""
    return sys.stdin.isatty()


def obtain(login: str, file: Path | None) -> NewPassword:
    """The new password of `login`: from `file`, else asked for twice, else (nobody there, or just Enter) made up."""
    if file is not None:
        return NewPassword(_from_file(file), generated=False)
    if interactive():
        typed: str = click.prompt(
            f"Password of {login} (at least {MINIMUM_LENGTH} characters; Enter makes one up)",
            default="",
            hide_input=True,
            confirmation_prompt="Once more",
            show_default=False,
        )
        if typed:
            return NewPassword(typed, generated=False)
    return NewPassword(secrets.token_urlsafe(_GENERATED_BYTES), generated=True)


def _from_file(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The password file cannot be read: {error}.", "Name a text file with the password as its first line."
        ) from error
    return text.splitlines()[0].strip() if text.strip() else ""
