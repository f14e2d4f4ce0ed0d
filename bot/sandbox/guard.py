"""Who may talk to the sandbox: this machine only, and no page but its own.

A page of another origin that the same browser has open can send requests to loopback; so can a
foreign host name that
resolves to it. Both get 403 and nothing else.
"""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp.typedefs import Handler

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?")
_OWN_SITES = frozenset({"same-origin", "none"})


def _foreign(request: web.Request) -> str | None:
    """Why this request is refused, or None."""
    host = request.headers.get("Host", "")
    if not _HOST.fullmatch(host):
        return "only localhost, 127.0.0.1 and [::1] are answered"
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return "another origin"
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN_SITES:
        # Following a link to the page itself is fine; anything a foreign page loads is not.
        followed = request.headers.get("Sec-Fetch-Mode") == "navigate"
        if not (followed and request.method == "GET" and request.path == "/"):
            return "another site"
    return None


@web.middleware
async def loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse by Host, Origin and Sec-Fetch-Site before any route is run."""
    reason = _foreign(request)
    if reason is not None:
        return web.json_response({"error": f"refused: {reason}"}, status=403)
    return await handler(request)


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Headers of every answer but the Bot API's, whose readers are programs."""
    if request.path.startswith("/bot"):
        return
    host = request.headers.get("Host", "")
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "no-store")
    headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        f"img-src 'self' blob:; connect-src 'self' ws://{host}; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
