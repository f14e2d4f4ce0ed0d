"""PTB's requests over aiohttp: about twice as fast as httpx one after the other, 4-10 times side
by side.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.request import getproxies

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

_KEEPALIVE_S = 60.0
_UPLOAD_S = 20.0


class AiohttpRequest(BaseRequest):
    """`connections`: how many requests may be under way at once."""

    def __init__(self, connections: int = 64, read_timeout_s: float = 10.0) -> None:
        self._connections = connections
        self._read_timeout_s = read_timeout_s
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._read_timeout_s

    async def initialize(self) -> None:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._connections, keepalive_timeout=_KEEPALIVE_S
            )
            # Looking for a proxy costs a trip to a thread per request: only where there is one.
            self._session = aiohttp.ClientSession(connector=connector, trust_env=bool(getproxies()))

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Raises NetworkError, TimedOut; the URL holds the token: no error text holds the URL."""
        if self._session is None:
            raise NetworkError("the request is not initialized")
        wait = self._read_timeout_s if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        if request_data is not None and request_data.contains_files:
            wait = (wait or 0.0) + _UPLOAD_S
        timeout = aiohttp.ClientTimeout(total=wait, connect=5.0)
        try:
            async with self._session.request(
                method, url, data=_body(request_data), timeout=timeout
            ) as response:
                return response.status, await response.read()
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"Telegram: {type(error).__name__}") from None

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As the library's, which would put what it cannot read into the log: users' words."""
        try:
            parsed = json.loads(payload.decode(errors="replace"))
        except (ValueError, RecursionError):
            raise TelegramError("Invalid server response") from None
        if not isinstance(parsed, dict) or ("result" not in parsed and "ok" not in parsed):
            raise TelegramError("Invalid server response")
        return parsed


def _body(data: RequestData | None) -> Any:
    if data is None:
        return None
    if not data.contains_files:
        return data.json_parameters
    form = aiohttp.FormData(quote_fields=False)  # Hangul file names arrive as they are
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form
