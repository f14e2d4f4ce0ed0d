"""Keys at rest: Fernet tokens, as the given schema says, bound to whom they were given by.

A token alone can be moved from one row to another. The binding is a keyed fingerprint of the whole:
whoever can write to the database but has not got the master key cannot make one.
"""

from __future__ import annotations

import json

from domain.cipher import Cipher
from domain.errors import DomainError
from domain.keys.models import ApiKey
from domain.keys.ports import Credentials


def fill(cipher: Cipher, row: ApiKey, credentials: Credentials) -> None:
    """Encrypt into the row's columns, and bind them. The row has its `user_id`."""
    row.exchange, row.demo = credentials.exchange, credentials.demo
    row.encrypted_api_key = cipher.encrypt(credentials.api_key)
    row.encrypted_secret_key = cipher.encrypt(credentials.secret)
    phrase = credentials.passphrase
    row.encrypted_passphrase = None if phrase is None else cipher.encrypt(phrase)
    bind(cipher, row)


def bind(cipher: Cipher, row: ApiKey) -> None:
    """Vouch for the row as it stands."""
    row.binding = cipher.digest(_bound(row))


def is_bound(cipher: Cipher, row: ApiKey) -> bool:
    """Whether the binding fits; an imported row has none."""
    return row.binding is not None and cipher.vouches(_bound(row), row.binding)


def read(cipher: Cipher, row: ApiKey) -> Credentials:
    """In clear. Raises DomainError("cipher_broken"); the binding is the caller's to look at."""
    phrase = row.encrypted_passphrase
    return Credentials(
        exchange=row.exchange,
        demo=row.demo,
        api_key=cipher.decrypt(row.encrypted_api_key),
        secret=cipher.decrypt(row.encrypted_secret_key),
        passphrase=None if phrase is None else cipher.decrypt(phrase),
    )


def renew(cipher: Cipher, row: ApiKey) -> bool:
    """Encrypt and bind anew with the newest key; False when nothing was older.

    A binding that does not fit is not mended, and an imported row stays without.
    """
    bound = is_bound(cipher, row)
    changed = False
    for column in ("encrypted_api_key", "encrypted_secret_key", "encrypted_passphrase"):
        token = getattr(row, column)
        fresh = None if token is None else cipher.renewed(token)
        if fresh is not None:
            setattr(row, column, fresh)
            changed = True
    if bound and (changed or row.binding != cipher.digest(_bound(row))):
        bind(cipher, row)
        changed = True
    return changed


def masked(cipher: Cipher, row: ApiKey) -> str:
    """`bg_1…c3d4`: enough to tell two keys apart; "…" for one that cannot be read."""
    try:
        clear = cipher.decrypt(row.encrypted_api_key)
    except DomainError:
        return "…"
    return f"{clear[:4]}…{clear[-4:]}" if len(clear) > 12 else f"{clear[:2]}…"


def _bound(row: ApiKey) -> str:
    """User, exchange, kind, and each field with its ciphertext, in a form with one reading."""
    fields = (
        ("encrypted_api_key", row.encrypted_api_key),
        ("encrypted_secret_key", row.encrypted_secret_key),
        ("encrypted_passphrase", row.encrypted_passphrase),
    )
    return json.dumps(["api_keys", row.user_id, row.exchange, row.demo, fields])
