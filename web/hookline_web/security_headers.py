"""Headers that tell the browser what our pages never do."""

from __future__ import annotations

from flask import Flask, Response, request

from hookline_web.guard import is_static

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
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if not is_static(request.endpoint):
        # Pages show personal data: nothing of them stays in a shared computer's cache.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
