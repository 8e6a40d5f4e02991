"""Compiled templates, kept for the whole process: an app built beside the old one starts with what is compiled.

Compiling is most of what a first request to a page costs; an app is built anew whenever a plugin is enabled.
"""

from __future__ import annotations

from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

# By the template's name and file; the checksum is of its source, so a changed template is compiled anew.
_compiled: dict[str, tuple[str, CodeType]] = {}


class TemplateCode(BytecodeCache):
    """Jinja's cache of compiled code, in memory."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket where the same source was compiled before."""
        checksum, code = _compiled.get(bucket.key, ("", None))
        if code is not None and checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        if bucket.code is not None:
            _compiled[bucket.key] = bucket.checksum, bucket.code


def install(app: Flask) -> None:
    """Let the app's templates be compiled once in this process."""
    app.jinja_env.bytecode_cache = TemplateCode()
