"""Headers that tell the browser what our pages never do."""

from __future__ import annotations

import re

from flask import Flask, Response, request

from hookline.ports.telephony import ReachesBrowsersElsewhere
from hookline_web.context import runtime
from hookline_web.guard import is_static

#: What a backend may name: an origin, and nothing that would say more in a policy.
_ORIGIN = re.compile(r"(https|wss)://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Tabler's form marks are data: images in its style sheet
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), payment=(), usb=()",
}


def install(app: Flask) -> None:
    """Set the headers on every response that does not set them itself."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    if not is_static(request.endpoint):
        response.headers.setdefault("Content-Security-Policy", _policy())
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if not is_static(request.endpoint):
        # Pages show personal data: nothing of them stays in a shared computer's cache.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _policy() -> str:
    """The policy of a page, with the hosts to which a telephony backend's browser phone connects."""
    backends = runtime().host.backends().values()
    named = [host for one in backends if isinstance(one, ReachesBrowsersElsewhere) for host in one.browser_hosts]
    hosts = " ".join(host for host in named if _ORIGIN.fullmatch(host))
    if not hosts:
        return CONTENT_SECURITY_POLICY
    return CONTENT_SECURITY_POLICY.replace("connect-src 'self'", f"connect-src 'self' {hosts}")
