"""The `Cipher`: Fernet with rotation for what rests, AES-SIV for buttons, HMAC for fingerprints."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
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
    """`keys`: newest first, comma separated. New data uses the first; all of them decrypt.
    Fingerprints are the first one's only.
    """

    def __init__(self, keys: str) -> None:
        parts = [part.strip() for part in keys.split(",")]
        try:
            self._fernet = MultiFernet([Fernet(part) for part in parts])
            masters = [urlsafe_b64decode(part) for part in parts]
        except ValueError:
            raise DomainError("secret_key_invalid") from None
        self._mac = _derive(masters[0], b"digest", 32)
        self._sivs = [AESSIV(_derive(master, b"buttons", 32)) for master in masters]

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
        return self._sivs[0].encrypt(data, [bound_to])

    def unseal(self, sealed: bytes, bound_to: bytes) -> bytes:
        for siv in self._sivs:
            try:
                return siv.decrypt(sealed, [bound_to])
            except (InvalidTag, ValueError):
                continue
        raise DomainError("cipher_broken")


def key_from_file(data_dir: Path) -> tuple[str, bool]:
    """(key, made just now) of the embedded default's key file, mode 0600."""
    path = data_dir / KEY_FILE
    try:
        return path.read_text().strip(), False
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
    key = Fernet.generate_key().decode()
    # Written whole under another name first: nobody ever reads half a key, and no crash leaves one.
    fresh = data_dir / f".{KEY_FILE}.{secrets.token_hex(4)}"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(key)
        file.flush()
        os.fsync(handle)
    try:
        os.link(fresh, path)
    except FileExistsError:  # another process of ours was quicker
        return path.read_text().strip(), False
    finally:
        fresh.unlink()
    return key, True


def _derive(master: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"leverframe/" + purpose).derive(master)
