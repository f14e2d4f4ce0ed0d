"""The one-time page for a key, so that it never passes through the chat.

The address holds a random token: it works once, for ten minutes, for the user who asked for it in
the chat. A cookie and a hidden field that only we can match keep other sites from sending it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from domain.errors import DomainError
from domain.keys import links
from domain.keys import service as keys
from domain.keys.ports import Credentials
from domain.settings.models import UserSettings
from domain.users import service as users
from handlers.errors import sentence
from handlers.render import key_page
from handlers.texts import Translator

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from domain.cipher import Cipher
    from domain.clock import WallClock
    from domain.database import Database
    from domain.jobs.service import JobQueue

log = structlog.get_logger(__name__)
PATH = "/key/{token}"
_COOKIE = "leverframe_key"
_BODY_MAX = 8_192
_STYLE_HASH = base64.b64encode(hashlib.sha256(key_page.STYLE.encode()).digest()).decode()
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True)
class KeyPage:
    """`public_url`: where the page is seen from outside; its origin is the only one that may send
    the form.
    """

    database: Database
    cipher: Cipher
    queue: JobQueue
    wall: WallClock
    exchange: str
    public_url: str

    def add_to(self, app: web.Application) -> None:
        """Its two routes."""
        app.router.add_get(PATH, self._show)
        app.router.add_post(PATH, self._take)

    async def _show(self, request: web.Request) -> web.Response:
        """Looking at it uses nothing up: chats look at what is linked in them."""
        token = request.match_info["token"]
        try:
            async with self.database.read() as session:
                user_id = await links.owner(session, self.cipher, token, self.wall.now())
                t = await _speaker(session, user_id)
        except DomainError as error:
            return _gone(request, error)
        nonce = secrets.token_urlsafe(16)
        answer = _answer(key_page.form(t, self._csrf(token, nonce)))
        answer.set_cookie(
            _COOKIE,
            nonce,
            path="/key/",
            max_age=int(links.LIVES.total_seconds()),
            httponly=True,
            samesite="Strict",
            secure=self.public_url.startswith("https://"),
        )
        return answer

    async def _take(self, request: web.Request) -> web.Response:
        """One unit of work: the address is used up, the key is kept, its check is enqueued."""
        token = request.match_info["token"]
        if (request.content_length or _BODY_MAX + 1) > _BODY_MAX:
            return _answer("", status=413)
        form = await request.post()
        nonce, sent = request.cookies.get(_COOKIE, ""), str(form.get("csrf", ""))
        if not self._is_ours(request) or not self.cipher.vouches(_bound(token, nonce), sent):
            return _answer("", status=403)
        t = Translator()
        try:
            async with self.database.write() as session:
                user_id = await links.use(session, self.cipher, token, self.wall.now())
                t = await _speaker(session, user_id)
                if (await users.get(session, user_id)).is_suspended:
                    raise DomainError("suspended")
                given = {name: str(form.get(name, "")).strip() for name in key_page.FIELDS}
                credentials = Credentials(self.exchange, form.get("demo") == "1", **given)
                now = self.wall.now()
                await keys.add(session, self.cipher, self.queue, user_id, credentials, now)
        except DomainError as error:
            if error.code != "key_malformed":
                return _gone(request, error, t)
            again = key_page.form(t, self._csrf(token, nonce), sentence(error, t))
            return _answer(again, status=422)
        return _answer(key_page.message(t, t("page.done")))

    def _is_ours(self, request: web.Request) -> bool:
        """Browsers say where a form was sent from."""
        origin = request.headers.get("Origin")
        parts = urlsplit(self.public_url)
        return origin is None or origin == f"{parts.scheme}://{parts.netloc}"

    def _csrf(self, token: str, nonce: str) -> str:
        return self.cipher.digest(_bound(token, nonce))


def _bound(token: str, nonce: str) -> str:
    return f"key_form:{token}:{nonce}"


async def _speaker(session: AsyncSession, user_id: int) -> Translator:
    preferences = await session.get(UserSettings, user_id)
    return Translator() if preferences is None else Translator(preferences.language)


def _gone(request: web.Request, error: DomainError, t: Translator | None = None) -> web.Response:
    """Refused; in the browser's language when it is not known whose page it was."""
    korean = request.headers.get("Accept-Language", "").lower().startswith("ko")
    t = t or Translator("ko" if korean else "en")
    status = 410 if error.code == "link_invalid" else 409
    return _answer(key_page.message(t, sentence(error, t)), status=status)


def _answer(page: str, status: int = 200) -> web.Response:
    return web.Response(text=page, status=status, content_type="text/html", headers=_HEADERS)
