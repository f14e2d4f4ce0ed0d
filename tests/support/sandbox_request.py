"""PTB's transport without sockets: a `BaseRequest` that calls the sandbox's core directly."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from telegram.error import NetworkError
from telegram.request import BaseRequest, RequestData

from bot.sandbox.api import Answer, BotApi
from bot.sandbox.errors import ApiError
from bot.sandbox.files import UploadedFile


class SandboxRequest(BaseRequest):
    """Give one to `ApplicationBuilder().request(...)` and one to `.get_updates_request(...)`.

    Base URLs do not matter; the token and the method are taken from the path. A dropped connection
    is a
    NetworkError, as over the wire.
    """

    def __init__(self, api: BotApi) -> None:
        self._api = api

    @property
    def read_timeout(self) -> float | None:
        return 5.0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

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
        path = unquote(urlsplit(url).path)
        if "/file/bot" in path:
            answer = await self._download(path.split("/file/bot", 1)[1])
        else:
            token, name = path.split("/bot", 1)[1].split("/", 1)
            params: dict[str, Any] = dict(request_data.json_parameters) if request_data else {}
            files = _files(request_data) if request_data and request_data.contains_files else {}
            answer = await self._api.call(token, name, params, files)
        if answer.drop:
            raise NetworkError("the sandbox closed the connection")
        return answer.status, answer.body

    async def _download(self, path: str) -> Answer:
        token, file_path = path.split("/", 1)
        try:
            return Answer(200, await self._api.download(token, file_path))
        except ApiError as refusal:
            return self._api.refuse(refusal)


def _files(request_data: RequestData) -> dict[str, UploadedFile]:
    files = {}
    for name, (filename, content, mime_type) in request_data.multipart_data.items():
        data = content if isinstance(content, bytes) else content.read()
        files[name] = UploadedFile(filename, data, mime_type)
    return files
