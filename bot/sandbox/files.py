"""Pictures and documents: who they are in memory, their contents in the store."""

from __future__ import annotations

import hashlib
import mimetypes
import secrets
from dataclasses import dataclass
from typing import Any

from bot.sandbox.errors import bad_request
from bot.sandbox.images import picture_size, picture_type
from bot.sandbox.store import Store

MB = 1024 * 1024
MAX_PHOTO = 10 * MB
MAX_DOCUMENT = 50 * MB
MAX_DOWNLOAD = 20 * MB

FileInfo = dict[str, Any]


@dataclass(frozen=True)
class UploadedFile:
    """A part of a multipart body."""

    name: str
    content: bytes
    mime_type: str = "application/octet-stream"

    def described(self) -> dict[str, Any]:
        """For the record of calls: without the content."""
        return {"file_name": self.name, "file_size": len(self.content), "mime_type": self.mime_type}


class Files:
    """By file id. Every message has files of its own, so that deleting it deletes them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, FileInfo] = {}

    def find(self, file_id: str) -> FileInfo | None:
        return self._known.get(file_id)

    def by_path(self, path: str) -> FileInfo | None:
        """The file with this file_path."""
        return next((file for file in self._known.values() if file["file_path"] == path), None)

    async def content(self, file_id: str) -> bytes | None:
        return await self._store.content(file_id) if file_id in self._known else None

    def add(self, upload: UploadedFile, folder: str) -> FileInfo:
        """Keep an upload under a new id. folder: "photos" or "documents"."""
        file_id = secrets.token_urlsafe(24)
        mime = picture_type(upload.content) if folder == "photos" else _mime_type(upload)
        suffix = (mimetypes.guess_extension(mime or "") or ".bin").replace(".jpe", ".jpg")
        info = {
            "file_id": file_id,
            "file_unique_id": hashlib.sha256(upload.content).hexdigest()[:16],
            "file_size": len(upload.content),
            "file_path": f"{folder}/{file_id}{suffix}",
            "file_name": upload.name,
            "mime_type": mime or "application/octet-stream",
        }
        self._known[file_id] = info
        self._store.put("file", file_id, info)
        self._store.put_content(file_id, upload.content)
        return info

    def remove(self, file_id: str) -> None:
        if self._known.pop(file_id, None) is not None:
            self._store.drop("file", file_id)
            self._store.drop_content(file_id)

    def restore(self, info: FileInfo) -> None:
        self._known[info["file_id"]] = info


def _mime_type(upload: UploadedFile) -> str:
    guessed = mimetypes.guess_type(upload.name)[0]
    if upload.mime_type and upload.mime_type != "application/octet-stream":
        return upload.mime_type
    return guessed or "application/octet-stream"


def photo_sizes(info: FileInfo, content: bytes) -> list[dict[str, Any]]:
    """The PhotoSize list of a Message. Raises ApiError 400 for what is no usable picture."""
    size = picture_size(content)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = size
    if width + height > 10_000 or max(size) > 20 * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return [
        {
            "file_id": info["file_id"],
            "file_unique_id": info["file_unique_id"],
            "file_size": info["file_size"],
            "width": width,
            "height": height,
        }
    ]


def document_of(info: FileInfo) -> dict[str, Any]:
    """The Document of a Message."""
    names = ("file_id", "file_unique_id", "file_size", "file_name", "mime_type")
    return {name: info[name] for name in names}
