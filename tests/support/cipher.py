"""A real cipher with a key of its own."""

from __future__ import annotations

from cryptography.fernet import Fernet

from bot.adapters.fernet_cipher import FernetCipher


def fresh_cipher() -> FernetCipher:
    """Nobody else can read what this one writes."""
    return FernetCipher(Fernet.generate_key().decode())
