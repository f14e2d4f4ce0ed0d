"""The webhook takes what Telegram sends and nobody else; health says how things stand."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.web import HOOK_PATH, WebServer, serve

SECRET = "s3cret-token"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
UPDATE = {"update_id": 7, "message": {}}


class Behind:
    """What is behind the door."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.fails = False
        self.checks: dict[str, bool] = {"database": True, "poller": True}

    async def accept(self, updates: Sequence[Any]) -> None:
        if self.fails:
            raise ConnectionError("no database")
        self.taken += updates

    async def ready(self) -> dict[str, bool]:
        if self.fails:
            raise ConnectionError("no database")
        return self.checks

    def server(self, secret: str | None = SECRET) -> WebServer:
        return WebServer(self.accept, secret, self.ready, lambda: {"updates": 3.0, "bots": 1.0})


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
async def client(behind: Behind) -> AsyncIterator[Any]:
    async with TestClient(TestServer(behind.server().app())) as client:
        yield client


async def post(client: Any, body: bytes, secret: str | None = SECRET) -> int:
    headers = {} if secret is None else {HEADER: secret}
    async with client.post(HOOK_PATH, data=body, headers=headers) as answer:
        return int(answer.status)


async def test_an_update_with_the_secret_is_taken_in(client: Any, behind: Behind) -> None:
    assert await post(client, json.dumps(UPDATE).encode()) == 200
    assert behind.taken == [UPDATE]


@pytest.mark.parametrize("secret", [None, "", "s3cret", "s3cret-tokem", "s3cret-token1", "é"])
async def test_without_the_secret_nothing_is_taken_in(
    client: Any, behind: Behind, secret: str | None
) -> None:
    assert await post(client, json.dumps(UPDATE).encode(), secret) == 401
    assert behind.taken == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"5", b"[]", b"null", b"{}", b'{"update_id": "7"}', b"[" * 200_000, b"\xff"],
    ids=range(9),
)
async def test_what_is_no_update_is_refused(client: Any, behind: Behind, body: bytes) -> None:
    assert await post(client, body) == 400
    assert behind.taken == []


async def test_more_than_a_megabyte_is_not_even_read(client: Any, behind: Behind) -> None:
    body = io.BytesIO(b"x" * ((1 << 20) + 1))
    async with client.post(HOOK_PATH, data=body, headers={HEADER: SECRET}) as answer:
        assert answer.status == 413
    assert behind.taken == []


async def test_what_could_not_be_kept_is_not_acknowledged(client: Any, behind: Behind) -> None:
    """Telegram sends it again."""
    behind.fails = True
    assert await post(client, json.dumps(UPDATE).encode()) == 503
    behind.fails = False
    assert await post(client, json.dumps(UPDATE).encode()) == 200


async def test_without_a_secret_there_is_no_webhook(behind: Behind) -> None:
    for secret in (None, ""):
        async with TestClient(TestServer(behind.server(secret).app())) as client:
            assert await post(client, json.dumps(UPDATE).encode(), None) == 404


async def test_health_says_how_things_stand(client: Any, behind: Behind) -> None:
    async def get(path: str) -> tuple[int, str]:
        async with client.get(path) as answer:
            return answer.status, await answer.text()

    assert await get("/healthz") == (200, "ok\n")
    assert await get("/readyz") == (200, '{"database": true, "poller": true}')
    behind.checks["poller"] = False
    assert (await get("/readyz"))[0] == 503
    behind.fails = True
    assert (await get("/readyz"))[0] == 503
    assert (await get("/healthz"))[0] == 200
    assert await get("/metrics") == (200, "leverframe_bots 1\nleverframe_updates 3\n")
    assert (await get("/"))[0] == 404


async def test_a_port_that_is_taken_is_said_and_nothing_is_left_behind(behind: Behind) -> None:
    runner = await serve(behind.server(), "127.0.0.1", 0)
    port = runner.addresses[0][1]
    with pytest.raises(OSError, match="in use"):
        await serve(behind.server(), "127.0.0.1", port)
    await runner.cleanup()
