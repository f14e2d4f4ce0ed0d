"""What rests in the database and may hold a secret goes through a `Cipher`."""

from __future__ import annotations

import json
from typing import Any, Protocol


class Cipher(Protocol):
    """Authenticated encryption of short texts. Output is ASCII."""

    def encrypt(self, text: str) -> str:
        """Clear text -> token."""
        ...

    def decrypt(self, token: str) -> str:
        """Token -> clear text. Raises DomainError("cipher_broken") for a forged token."""
        ...

    def digest(self, text: str) -> str:
        """A keyed fingerprint (hex): to look a secret up without storing it."""
        ...

    def vouches(self, text: str, digest: str) -> bool:
        """Whether `digest` is the fingerprint of `text`, made with this key or an older one."""
        ...

    def renewed(self, token: str) -> str | None:
        """A token of an older key, made anew with the newest; None when it is that already.
        Raises DomainError("cipher_broken").
        """
        ...

    def seal(self, data: bytes, bound_to: bytes) -> bytes:
        """Deterministic authenticated encryption of a few bytes, valid only together with
        `bound_to`.
        """
        ...

    def unseal(self, sealed: bytes, bound_to: bytes) -> bytes:
        """The inverse of `seal`. Raises DomainError("cipher_broken")."""
        ...


def encrypt_json(cipher: Cipher, value: object) -> str:
    """JSON-encodable value -> token."""
    return cipher.encrypt(json.dumps(value, separators=(",", ":")))


def decrypt_json(cipher: Cipher, token: str) -> Any:
    """Token -> the value that was encrypted."""
    return json.loads(cipher.decrypt(token))
