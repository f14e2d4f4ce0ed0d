"""The server: client API, Bot API over the wire, and who is let in."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.sandbox.command import serve
from bot.sandbox.server import RunningSandbox, start
from bot.sandbox.world import ChatWorld
from tests.sandbox.people import TOKEN, one_button, png, speaks
from tests.support.sandbox_client import PATIENCE_S, SandboxClient, SandboxError
from tests.support.waiting import until


@pytest.fixture
async def wired(server: RunningSandbox) -> Any:
    """PTB's Bot with its own HTTP transport."""
    patient: Any = {f"{what}_timeout": PATIENCE_S for what in ("read", "write", "connect", "pool")}
    bot: ExtBot[Any] = ExtBot(
        TOKEN,
        base_url=f"{server.url}/bot",
        base_file_url=f"{server.url}/file/bot",
        request=HTTPXRequest(**patient),
        get_updates_request=HTTPXRequest(**patient),
    )
    async with bot:
        yield bot


async def fetch(
    url: str, method: str = "GET", body: Any = None, **headers: str
) -> tuple[int, str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, headers=named, data=body) as response,
    ):
        return response.status, await response.text(), response.headers


async def test_a_conversation_over_the_wire(
    world: ChatWorld, people: SandboxClient, wired: ExtBot[Any]
) -> None:
    sent = await people.send("alice", "/start")
    (update,) = await wired.get_updates(timeout=50)
    assert update.update_id == sent["update_id"]
    assert update.effective_chat is not None
    alice = update.effective_chat.id
    await wired.send_message(alice, "<b>Hi</b>", parse_mode="HTML", reply_markup=one_button())
    message = await people.wait_for_text("alice", "Hi", after=sent["seq"])
    tapping = asyncio.create_task(people.tap("alice", message["message_id"], "Go", wait=50))
    query = (await wired.get_updates(offset=update.update_id + 1, timeout=50))[0].callback_query
    assert query is not None
    await wired.answer_callback_query(query.id, "done", show_alert=True)
    assert (await tapping)["answer"] == {"text": "done", "show_alert": True, "url": ""}
    photo = await wired.send_photo(alice, png(4, 4), caption="chart")
    shown = await people.wait_for_text("alice", "chart", after=message["seq"])
    assert await people.download(shown["photo_url"]) == png(4, 4)
    file = await wired.get_file(photo.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == png(4, 4)


async def test_files_groups_blocks_and_faults_over_the_wire(
    people: SandboxClient, wired: ExtBot[Any]
) -> None:
    await people.user("민준", language_code="ko", first_name="민준")
    group = await people.group("desk", ["민준"])
    assert group["id"] < 0
    await people.send("민준", "/status", chat="desk")
    assert [m["text"] for m in await people.messages("민준", chat="desk")] == ["/status"]
    await people.send_document("민준", "내 전략.rules", b"entry long", "caption")
    (entry,) = await people.messages("민준")
    assert entry["document"]["name"] == "내 전략.rules"
    assert await people.download(entry["document_url"]) == b"entry long"
    await people.block("민준")
    with pytest.raises(SandboxError, match="unblock"):
        await people.send("민준", "x")
    await people.fault(method="getMe", status=500)
    await people.clear_faults()
    await wired.get_me()
    log = await people.calls("getMe")
    assert log["count"] == len(log["calls"]) == 2
    assert await people.inject({"message": 1}) < await people.inject_text("{")
    status, text, _ = await fetch(f"{people._url}/sandbox/updates", "DELETE")
    assert (status, json.loads(text)["cleared"]) == (200, 5)


async def test_a_dropped_connection_breaks_without_an_answer(
    world: ChatWorld, people: SandboxClient, server: RunningSandbox
) -> None:
    alice = speaks(world, "alice")
    await people.fault(method="sendMessage", drop=True, delay=0.001)
    url = f"{server.url}/bot{TOKEN}/sendMessage"
    with pytest.raises(aiohttp.ClientError):
        await fetch(url, "POST", {"chat_id": alice, "text": "x"})
    assert (await people.messages("alice"))[-1]["text"] == "x"


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("users/al ice/messages", {"text": "x"}, "a name has"),
        ("users/alice/messages", {"text": " "}, "'text' is empty"),
        ("users/alice/messages", {"text": "x" * 4097}, "longer than 4096"),
        ("users/alice/messages", {"text": "x", "chat": "nowhere"}, "no group 'nowhere'"),
        ("users/alice/messages", [], "not a JSON object"),
        ("users/alice/messages", "{", "not valid JSON"),
        ("users/alice/taps", {"message_id": "1"}, "no message '1'"),
        ("users/alice/taps", {"wait": "x"}, "'wait' is a number"),
        ("users/alice/taps", {"wait": 1000}, "'wait' is between 0 and 60"),
        ("users/alice/block", {}, "'blocked' is true or false"),
        ("users/alice", {"language_code": "klingon!"}, "'language_code'"),
        ("users/alice", {"first_name": ""}, "'first_name'"),
        ("groups/desk", {"members": "alice"}, "'members'"),
        ("updates", {}, "give 'raw'"),
        ("faults", {"status": 1}, "between 400 and 599"),
    ],
)
async def test_bad_input_is_a_400_that_says_what_to_change(
    server: RunningSandbox, path: str, body: Any, reason: str
) -> None:
    data = body if isinstance(body, str) else json.dumps(body)
    status, text, _ = await fetch(f"{server.url}/sandbox/{path}", "POST", data)
    assert status == 400
    assert reason in json.loads(text)["error"]


async def test_a_file_under_another_name_is_refused(server: RunningSandbox) -> None:
    form = aiohttp.FormData()
    form.add_field("photo", b"x", filename="x.png")
    url = f"{server.url}/sandbox/users/alice/messages"
    status, text, _ = await fetch(url, "POST", form)
    assert (status, json.loads(text)["error"]) == (400, "the file's part is named 'document'")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("chat_id={}&text=a%20b", "application/x-www-form-urlencoded"),
        ('{{"chat_id": {}, "text": "a b"}}', "application/json"),
    ],
)
async def test_calls_come_as_forms_and_as_json(
    world: ChatWorld, server: RunningSandbox, body: str, kind: str
) -> None:
    alice = speaks(world, "alice")
    url = f"{server.url}/bot{TOKEN}/sendMessage"
    status, text, _ = await fetch(url, "POST", body.format(alice), Content_Type=kind)
    assert (status, json.loads(text)["result"]["text"]) == (200, "a b")
    status, text, _ = await fetch(f"{url}?chat_id={alice}&text=query")
    assert (status, json.loads(text)["result"]["text"]) == (200, "query")


@pytest.mark.parametrize("body", ["{", "[]", "[" * 100_000])
async def test_broken_json_is_a_400(server: RunningSandbox, body: str) -> None:
    url = f"{server.url}/bot{TOKEN}/getMe"
    status, text, _ = await fetch(url, "POST", body, Content_Type="application/json")
    assert (status, json.loads(text)["ok"]) == (400, False)


async def test_wrong_tokens_and_missing_files_are_told_apart(server: RunningSandbox) -> None:
    assert (await fetch(f"{server.url}/botnonsense/getMe"))[0] == 401
    assert (await fetch(f"{server.url}/file/botnonsense/x"))[0] == 401
    assert (await fetch(f"{server.url}/file/bot{TOKEN}/photos/none.png"))[0] == 404
    assert (await fetch(f"{server.url}/bot{TOKEN}/noSuchMethod"))[0] == 404
    assert (await fetch(f"{server.url}/sandbox/files/none"))[0] == 404


PATHS = ["/", "/sandbox/state", "/sandbox/calls", "/sandbox/ws", f"/bot{TOKEN}/getMe"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
    ],
)
async def test_a_page_of_another_origin_gets_nothing(
    server: RunningSandbox, path: str, headers: dict[str, str]
) -> None:
    status, text, _ = await fetch(server.url + path, **headers)
    assert status == 403
    assert json.loads(text)["error"].startswith("refused")


async def test_the_own_page_and_a_followed_link_get_in(server: RunningSandbox) -> None:
    assert (await fetch(f"{server.url}/sandbox/state", Origin=server.url))[0] == 200
    own = {"Sec-Fetch-Site": "same-origin"}
    assert (await fetch(f"{server.url}/sandbox/state", **own))[0] == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    status, text, headers = await fetch(f"{server.url}/", **link)
    assert status == 200
    assert "<title>" in text
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_documents_are_downloads_never_pages(
    people: SandboxClient, server: RunningSandbox
) -> None:
    await people.send_document("alice", "x.html", b"<script>alert(1)</script>")
    (entry,) = await people.messages("alice")
    _, _, headers = await fetch(server.url + entry["document_url"])
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")


async def test_the_websocket_tells_what_happens(
    world: ChatWorld, server: RunningSandbox, wired: ExtBot[Any]
) -> None:
    alice = speaks(world, "alice")
    await wired.get_me()
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}/sandbox/ws", origin=server.url) as socket,
    ):
        hello = await socket.receive_json()
        assert hello["bot"]["username"] == "leverframe_bot"
        assert hello["users"][0]["last"]["text"] == "/start"
        await wired.send_chat_action(alice, "typing")
        assert await socket.receive_json() == {"type": "action", "chat": alice, "action": "typing"}
        await wired.send_message(alice, "hi")
        event = await socket.receive_json()
        assert (event["type"], event["entry"]["text"]) == ("entry", "hi")
    assert not [one for one in world.listeners if "listen" in getattr(one, "__qualname__", "")
                and "_socket" in one.__qualname__]  # fmt: skip


async def test_the_server_stops_with_a_page_and_a_poll_open(world: ChatWorld) -> None:
    running = await start(world)
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"{running.url}/sandbox/ws")
        poll = asyncio.create_task(fetch(f"{running.url}/bot{TOKEN}/getUpdates?timeout=50"))
        reading = asyncio.create_task(fetch(f"{running.url}/sandbox/users/a/messages?wait=50"))
        await socket.receive_json()
        assert (await socket.receive_json())["type"] == "bot"  # the poll has arrived
        await until(lambda: any(world.history._waiters.values()))  # and who reads
        await running.stop()
        assert json.loads((await poll)[1]) == {"ok": True, "result": []}
        assert json.loads((await reading)[1]) == {"messages": []}
        await socket.close()


async def test_it_listens_on_loopback_only(world: ChatWorld) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        await start(world, host="0.0.0.0")  # noqa: S104


async def test_a_taken_port_is_said(server: RunningSandbox, world: ChatWorld) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="in use"):
        await start(world, port=port)


async def test_the_command_serves_until_it_is_cancelled() -> None:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(port=0, on_ready=ready.set_result))
    url = await ready
    assert (await fetch(f"{url}/bot1:abc/getMe"))[0] == 200
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_menus_come_by_user(
    people: SandboxClient, wired: ExtBot[Any], server: RunningSandbox
) -> None:
    await people.user("alice")
    await wired.set_my_commands([("start", "Menu")])
    url = f"{server.url}/sandbox/users/alice/commands"
    assert json.loads((await fetch(url))[1]) == {
        "commands": [{"command": "start", "description": "Menu"}]
    }
