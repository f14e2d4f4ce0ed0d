"""Blobs as files below a folder. A file appears by a rename after its bytes are on the disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_DRAFT = ".draft-"


@dataclass(frozen=True, slots=True)
class FolderBlobs:
    """`domain.market.storage.Blobs` on a disk."""

    root: Path

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=_DRAFT, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise

    def get(self, key: str) -> bytes | None:
        with suppress(FileNotFoundError):
            return self._path(key).read_bytes()
        return None

    def list(self, prefix: str) -> Sequence[str]:
        folder = self._path(prefix.rpartition("/")[0])
        found = (
            path.relative_to(self.root).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(_DRAFT)
        )
        return sorted(key for key in found if key.startswith(prefix))

    def _path(self, key: str) -> Path:
        """Raises ValueError for a key that leads outside."""
        path = (self.root / key).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise ValueError("a key must stay below the folder")
        return path
