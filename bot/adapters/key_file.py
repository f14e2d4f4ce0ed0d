"""The secret key in a file: made at the first start, put in front at a rotation, read again by a
running bot when it changes.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

from bot.adapters.fernet_cipher import FernetCipher

KEY_FILE = "secret.key"


class KeyFileCipher:
    """A `Cipher` whose keys stand in `path`, newest first. Another program of ours may rotate them
    meanwhile: whatever is written after that is written with the new key.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _state(path)
        self._cipher = FernetCipher(path.read_text())

    def encrypt(self, text: str) -> str:
        return self._current().encrypt(text)

    def decrypt(self, token: str) -> str:
        return self._current().decrypt(token)

    def digest(self, text: str) -> str:
        return self._current().digest(text)

    def vouches(self, text: str, digest: str) -> bool:
        return self._current().vouches(text, digest)

    def renewed(self, token: str) -> str | None:
        return self._current().renewed(token)

    def seal(self, data: bytes, bound_to: bytes) -> bytes:
        return self._current().seal(data, bound_to)

    def unseal(self, sealed: bytes, bound_to: bytes) -> bytes:
        return self._current().unseal(sealed, bound_to)

    def _current(self) -> FernetCipher:
        """A look at the file costs two microseconds; one that is being replaced changes nothing."""
        seen = _state(self._path)
        if seen not in (None, self._seen):
            self._cipher, self._seen = FernetCipher(self._path.read_text()), seen
        return self._cipher


def key_from_file(data_dir: Path) -> tuple[str, bool]:
    """(key, made just now) of the embedded default's key file, mode 0600."""
    path = data_dir / KEY_FILE
    try:
        return path.read_text().strip(), False
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
    key = Fernet.generate_key().decode()
    fresh = _written(path, key)
    try:
        os.link(fresh, path)
    except FileExistsError:  # another process of ours was quicker
        return path.read_text().strip(), False
    finally:
        fresh.unlink()
    return key, True


def put_in_front(path: Path) -> None:
    """A new key before those that are there. Raises OSError for a file we may not write."""
    _replace(path, f"{Fernet.generate_key().decode()},{path.read_text().strip()}")


def keep_newest(path: Path) -> int:
    """Forget every key but the first; returns how many were forgotten."""
    newest, *older = path.read_text().strip().split(",")
    if older:
        _replace(path, newest)
    return len(older)


def _replace(path: Path, keys: str) -> None:
    _written(path, keys).replace(path)


def _written(path: Path, keys: str) -> Path:
    """Written whole under another name first: nobody ever reads half a key, and no crash leaves
    one.
    """
    fresh = path.parent / f".{path.name}.{secrets.token_hex(4)}"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(keys)
        file.flush()
        os.fsync(handle)
    return fresh


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino
