"""No secret gets into a log line, whoever writes it."""

from __future__ import annotations

import logging as stdlib
from collections.abc import Iterator

import pytest
import structlog
from cryptography.fernet import Fernet

from bot import logging

TOKEN = "123456789:" + "A" * 35
FERNET_KEY = Fernet.generate_key().decode()
FERNET = Fernet(FERNET_KEY).encrypt(b"payload").decode()


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = stdlib.getLogger()
    before, level, ours = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**ours)


@pytest.mark.parametrize("style", ["console", "json"])
def test_tokens_keys_and_passwords_are_struck_out(
    capsys: pytest.CaptureFixture[str], style: str
) -> None:
    logging.setup("info", style)
    log = structlog.get_logger("test")
    log.info("calling", url=f"https://api.example/bot{TOKEN}/getMe", api_key="k1k2k3")
    log.info("row", row=FERNET, key_file=FERNET_KEY)
    stdlib.getLogger("other").warning("connect postgresql://trader:hunter2@db/x %s", TOKEN)
    try:
        raise RuntimeError(f"with {TOKEN}")
    except RuntimeError:
        log.exception("failed", nested={"passphrase": "open sesame", "list": [TOKEN]})
    written = capsys.readouterr().err
    for secret in (TOKEN, "k1k2k3", FERNET, FERNET_KEY, "hunter2", "open sesame"):
        assert secret not in written
    assert written.count(logging.STRUCK) >= 7


def test_ordinary_words_are_kept() -> None:
    text = "opened BTCUSDT at 60000.5 for user 7, order L0123456789abcdef0123456789abcdef"
    assert logging.redact(text) == text
