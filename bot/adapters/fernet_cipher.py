"""The `Cipher`: Fernet with rotation for what rests, AES-SIV for buttons, HMAC for fingerprints."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import DomainError


class FernetCipher:
    """`keys`: newest first, comma separated. New data uses the first; all of them decrypt.
    Fingerprints are made with the first, and known by all.
    """

    def __init__(self, keys: str) -> None:
        parts = [part.strip() for part in keys.split(",")]
        try:
            fernets = [Fernet(part) for part in parts]
            masters = [urlsafe_b64decode(part) for part in parts]
        except ValueError:
            raise DomainError("secret_key_invalid") from None
        self._newest, self._fernet = fernets[0], MultiFernet(fernets)
        self._macs = [_derive(master, b"digest", 32) for master in masters]
        self._sivs = [AESSIV(_derive(master, b"buttons", 32)) for master in masters]

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise DomainError("cipher_broken") from None

    def digest(self, text: str) -> str:
        return _mac(self._macs[0], text)

    def vouches(self, text: str, digest: str) -> bool:
        given = digest.encode()
        return any(hmac.compare_digest(_mac(key, text).encode(), given) for key in self._macs)

    def renewed(self, token: str) -> str | None:
        try:
            self._newest.decrypt(token.encode())
        except InvalidToken:
            return self.encrypt(self.decrypt(token))
        return None

    def seal(self, data: bytes, bound_to: bytes) -> bytes:
        return self._sivs[0].encrypt(data, [bound_to])

    def unseal(self, sealed: bytes, bound_to: bytes) -> bytes:
        for siv in self._sivs:
            try:
                return siv.decrypt(sealed, [bound_to])
            except (InvalidTag, ValueError):
                continue
        raise DomainError("cipher_broken")


def _mac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _derive(master: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"leverframe/" + purpose).derive(master)
