"""POSTs with the header Idempotency-Key: sent again, they do nothing again and are answered as the first time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, current_app, jsonify, request
from werkzeug.exceptions import HTTPException

from hookline.errors import HooklineError, InvalidInput
from hookline.services.api_replies import Reply
from hookline.text import N_
from hookline_web.api.guard import bearer
from hookline_web.context import runtime

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,200}")
_CHUNK = 1 << 16


def repeatable(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let the view be called once per key; the error of a request that changed nothing is not kept."""

    @wraps(view)
    def once(**arguments: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return current_app.make_response(view(**arguments))
        token_id, replies = bearer().token_id, runtime().api_replies
        known = replies.begin(token_id, _checked(key), _request_hash())
        if known is not None:
            return _again(known)
        try:
            response = current_app.make_response(view(**arguments))
        except (HooklineError, HTTPException):
            replies.release(token_id, key)
            raise
        # Any other error leaves the key taken: nobody knows how far the request came.
        body = response.get_json(silent=True) if response.is_json else None
        replies.finish(token_id, key, Reply(response.status_code, response.headers.get("Location", ""), body or {}))
        return response

    return once


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise InvalidInput(
            N_("The idempotency key cannot be used."),
            N_("Use 1 to 200 letters, digits and signs without spaces, for example a UUID."),
            {HEADER: [N_("Use 1 to 200 letters, digits and signs without spaces, for example a UUID.")]},
        )
    return key


def _again(reply: Reply) -> Response:
    response = jsonify(reply.body) if reply.body else current_app.response_class()
    response.status_code = reply.status
    if reply.location:
        response.headers["Location"] = reply.location
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _request_hash() -> str:
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.mimetype != "multipart/form-data":
        digest.update(request.get_data(cache=True))
        return digest.hexdigest()
    # The boundary between the parts differs each time; the parts do not.
    for name, value in sorted(request.form.items(multi=True)):
        digest.update(f"{name}={value}\n".encode())
    for name, file in sorted(request.files.items(multi=True), key=lambda item: item[0]):
        digest.update(f"{name}:{file.filename}\n".encode())
        while chunk := file.stream.read(_CHUNK):
            digest.update(chunk)
        file.stream.seek(0)
    return digest.hexdigest()
