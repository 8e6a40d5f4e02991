"""Secrets that must be used again, not only recognised: encrypted in the database, the key in a file beside it.

Whoever gets hold of a copy of the database alone reads none of them.
"""

from __future__ import annotations

import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from hookline.errors import NotConfigured
from hookline.text import N_


class SecretBox:
    """Encrypts and decrypts with the key in `path`, which is made when it is first needed, for its owner only."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def seal(self, secret: str) -> str:
        """The secret, encrypted."""
        self._have_key()
        return self._fernet().encrypt(secret.encode("utf-8")).decode("ascii")

    def open(self, sealed: str) -> str:
        """The secret; raises NotConfigured where the key is missing or is not the one it was sealed with."""
        try:
            return self._fernet().decrypt(sealed.encode("ascii")).decode("utf-8")
        except InvalidToken as error:
            raise self._unusable() from error

    def fingerprint(self, secret: str) -> str:
        """The same for the same secret, and without the key no help in guessing it: for telling whether one changed."""
        self._have_key()
        return hmac.new(self._path.read_bytes().strip(), secret.encode("utf-8"), "sha256").hexdigest()[:32]

    def _have_key(self) -> None:
        if not self._path.exists():
            self._make()

    def _fernet(self) -> Fernet:
        try:
            return Fernet(self._path.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            raise self._unusable() from error

    def _unusable(self) -> NotConfigured:
        return NotConfigured(
            N_("The key file %(file)s in the data folder is missing or is not the one the secrets were kept with."),
            N_("Bring it back from the backup, or make new secrets."),
            params={"file": self._path.name},
        )

    def _make(self) -> None:
        # Linked into place whole: of two processes that start at once, both read the same complete key.
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(Fernet.generate_key())
        try:
            os.link(draft, self._path)
        except FileExistsError:
            return
        finally:
            draft.unlink()
