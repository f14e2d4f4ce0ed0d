"""Bodies of requests: form-urlencoded, JSON or multipart, into parameters and files."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web

from bot.sandbox.errors import ClientError, bad_request
from bot.sandbox.files import UploadedFile

Fields = dict[str, Any]
Uploads = dict[str, UploadedFile]


async def read_call(request: web.Request) -> tuple[Fields, Uploads]:
    """Parameters of a Bot API call, from the query and any kind of body. Raises ApiError 400."""
    fields: Fields = dict(request.query) if request.query_string else {}
    kind = request.content_type
    if kind == "multipart/form-data":
        more, files = await _multipart(request)
        return fields | more, files
    body = await request.read()
    if not body:
        return fields, {}
    if kind == "application/json":
        return fields | _object(body), {}
    text = body.decode("utf-8", "replace")
    return fields | dict(parse_qsl(text, keep_blank_values=True)), {}


def _object(body: bytes) -> Fields:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_request("can't parse request: body is not valid JSON") from None
    if not isinstance(value, dict):
        raise bad_request("can't parse request: a JSON object is expected")
    return value


async def read_client(request: web.Request) -> tuple[Fields, Uploads]:
    """The body of a client API call: a JSON object or multipart. Raises ClientError."""
    if request.content_type == "multipart/form-data":
        return await _multipart(request)
    try:
        value = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError):
        raise ClientError("the body is not valid JSON") from None
    if not isinstance(value, dict):
        raise ClientError("the body is not a JSON object")
    return value, {}


async def _multipart(request: web.Request) -> tuple[Fields, Uploads]:
    fields: Fields = {}
    files: Uploads = {}
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, BodyPartReader) and part.name:
                content = bytes(await part.read())
                if part.filename is None:
                    fields[part.name] = content.decode("utf-8", "replace")
                else:
                    kind = part.headers.get("Content-Type", "application/octet-stream")
                    files[part.name] = UploadedFile(part.filename or "file", content, kind)
    except ValueError:
        raise bad_request("can't parse request: broken multipart body") from None
    return fields, files
