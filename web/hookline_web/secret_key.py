"""The key that signs browser sessions: made at first start, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hookline.errors import NotConfigured
from hookline.text import N_

_LENGTH = 64


def load_or_make(data_dir: Path) -> str:
    """The key in `data_dir`/secret_key, made if it is missing. Raises NotConfigured for one that is too short."""
    path = data_dir / "secret_key"
    data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _make(path)
    key = path.read_text(encoding="ascii").strip()
    if len(key) < _LENGTH:
        raise NotConfigured(
            N_("The file secret_key in the data folder is damaged."),
            N_("Delete it and start again: a new one is made, and everybody logs in anew."),
        )
    return key


def _make(path: Path) -> None:
    # Linked into place whole: of two processes that start at once, both read the same complete key.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_LENGTH))
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
