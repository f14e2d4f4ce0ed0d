"""The `Cipher`: Fernet with rotation for what rests, AES-SIV for buttons, HMAC for fingerprints."""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import DomainError

KEY_FILE = "secret.key"


class FernetCipher:
    """`keys`: newest first, comma separated. New data uses the first; all of them decrypt."""

    def __init__(self, keys: str) -> None:
        parts = [part.strip() for part in keys.split(",")]
        try:
            self._fernet = MultiFernet([Fernet(part) for part in parts])
            master = urlsafe_b64decode(parts[0])
        except ValueError:
            raise DomainError("secret_key_invalid") from None
        self._mac = _derive(master, b"digest", 32)
        self._siv = AESSIV(_derive(master, b"buttons", 32))

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise DomainError("cipher_broken") from None

    def digest(self, text: str) -> str:
        return hmac.new(self._mac, text.encode(), hashlib.sha256).hexdigest()

    def seal(self, data: bytes, bound_to: bytes) -> bytes:
        return self._siv.encrypt(data, [bound_to])

    def unseal(self, sealed: bytes, bound_to: bytes) -> bytes:
        try:
            return self._siv.decrypt(sealed, [bound_to])
        except (InvalidTag, ValueError):
            raise DomainError("cipher_broken") from None


def key_from_file(data_dir: Path) -> tuple[str, bool]:
    """(key, made just now) of the embedded default's key file, mode 0600."""
    path = data_dir / KEY_FILE
    try:
        return path.read_text().strip(), False
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
    key = Fernet.generate_key().decode()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process of ours was quicker
        return path.read_text().strip(), False
    with os.fdopen(handle, "w") as file:
        file.write(key)
    return key, True


def _derive(master: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"leverframe/" + purpose).derive(master)
