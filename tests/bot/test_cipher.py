"""What rests is unreadable without the key, and what was changed is refused."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.fernet_cipher import FernetCipher
from bot.adapters.key_file import key_from_file
from domain.cipher import decrypt_json, encrypt_json
from domain.errors import DomainError
from tests.support.cipher import fresh_cipher

CIPHER = fresh_cipher()


@given(st.text())
def test_what_is_encrypted_comes_back(text: str) -> None:
    try:
        token = CIPHER.encrypt(text)
    except UnicodeEncodeError:
        return
    assert CIPHER.decrypt(token) == text


def test_lone_surrogates_survive_as_json() -> None:
    assert decrypt_json(CIPHER, encrypt_json(CIPHER, {"text": "\ud800"})) == {"text": "\ud800"}


def test_another_key_reads_nothing() -> None:
    with pytest.raises(DomainError, match="cipher_broken"):
        fresh_cipher().decrypt(CIPHER.encrypt("secret"))


def test_a_rotated_key_still_reads_the_old_data() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    token = FernetCipher(old).encrypt("kept")
    assert FernetCipher(f"{new},{old}").decrypt(token) == "kept"


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(DomainError, match="secret_key_invalid"):
        FernetCipher("not a key")


@given(st.binary(min_size=1, max_size=31), st.binary(min_size=1, max_size=20))
def test_what_is_sealed_opens_only_where_it_is_bound(data: bytes, place: bytes) -> None:
    sealed = CIPHER.seal(data, place)
    assert CIPHER.unseal(sealed, place) == data
    with pytest.raises(DomainError):
        CIPHER.unseal(sealed, place + b"!")


@given(st.binary(max_size=64))
def test_forged_seals_are_refused(forged: bytes) -> None:
    with pytest.raises(DomainError):
        CIPHER.unseal(forged, b"place")


def test_the_key_file_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    key, made = key_from_file(tmp_path / "new")
    assert made
    assert key_from_file(tmp_path / "new") == (key, False)
    mode = (tmp_path / "new" / "secret.key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_buttons_that_were_sealed_before_a_rotation_still_open() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = FernetCipher(old).seal(b"status", b"5:5")
    assert FernetCipher(f"{new},{old}").unseal(sealed, b"5:5") == b"status"
    with pytest.raises(DomainError):
        FernetCipher(new).unseal(sealed, b"5:5")


def test_of_several_processes_that_start_at_once_all_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: key_from_file(tmp_path), range(8)))
    assert len({key for key, _ in found}) == 1
    assert [made for _, made in found].count(True) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
