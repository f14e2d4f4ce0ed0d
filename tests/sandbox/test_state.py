"""What the sandbox remembers over a restart, and what it has truly forgotten."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import actions
from bot.sandbox.api import BotApi
from bot.sandbox.files import UploadedFile
from bot.sandbox.limits import RateLimits
from bot.sandbox.store import Store
from bot.sandbox.world import ChatWorld
from tests.sandbox.people import TOKEN, entries, png, speaks

CANARY = "canary-4f1d-secret-key"


async def call(world: ChatWorld, method: str, **params: object) -> object:
    answer = await BotApi(world, RateLimits.off()).call(TOKEN, method, dict(params))
    assert answer.status == 200, answer.body
    return answer.json()["result"]


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_chats_people_files_and_pending_updates_come_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "chats.db"
    async with ChatWorld(path) as world:
        world.people.change_user("민준", {"language_code": "ko"})
        alice = speaks(world, "alice", "/status")
        world.save_group(world.people.change_group("desk", {"members": ["alice"]}))
        await call(world, "setMyCommands", commands=[{"command": "start", "description": "x"}])
        await call(world, "sendMessage", chat_id=alice, text="answer")
        upload = UploadedFile("a.txt", b"content")
        actions.send_document(world, "alice", upload)
        before = entries(world, "alice")
    async with ChatWorld(path) as world:
        assert entries(world, "alice") == before
        assert world.people.user("alice").id == alice
        assert world.people.group("desk").members == ["alice"]
        assert await call(world, "getMyCommands") == [{"command": "start", "description": "x"}]
        updates = await call(world, "getUpdates")
        assert isinstance(updates, list)
        assert updates[0]["message"]["text"] == "/status"
        file_id = before[-1]["document_url"].rsplit("/", 1)[1]
        assert await world.files.content(file_id) == b"content"
        assert actions.say(world, "alice", "next")["message_id"] > before[-1]["message_id"]


async def test_a_confirmed_update_does_not_come_back_and_its_id_is_not_used_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "chats.db"
    async with ChatWorld(path) as world:
        await call(world, "getMe")
        update_id = actions.say(world, "alice", "once")["update_id"]
        await call(world, "getUpdates")
        await call(world, "getUpdates", offset=update_id + 1)
    async with ChatWorld(path) as world:
        assert await call(world, "getUpdates") == []
        assert actions.say(world, "alice", "again")["update_id"] > update_id


async def test_a_deleted_message_leaves_no_trace_in_the_file(tmp_path: Path) -> None:
    async with ChatWorld(tmp_path / "chats.db") as world:
        await call(world, "getMe")
        alice = speaks(world, "alice", CANARY)
        for number in range(50):
            speaks(world, "alice", f"filler {number}")
        await world.store.flush()
        assert CANARY.encode() in on_disk(tmp_path)
        message_id = entries(world, "alice")[0]["message_id"]
        last = world.updates.last_key
        await call(world, "getUpdates", offset=last + 1)
        await call(world, "deleteMessage", chat_id=alice, message_id=message_id)
        await world.store.flush()
        assert CANARY.encode() not in on_disk(tmp_path)
    assert CANARY.encode() not in on_disk(tmp_path)


async def test_deleting_also_scrubs_the_queue_of_a_bot_that_never_reads(tmp_path: Path) -> None:
    async with ChatWorld(tmp_path / "chats.db") as world:
        await BotApi(world).call("42:asleep", "getMe")
        await call(world, "getMe")
        sent = actions.say(world, "alice", CANARY)
        await call(world, "getUpdates", offset=sent["update_id"] + 1)
        chat = world.people.user("alice").id
        await call(world, "deleteMessage", chat_id=chat, message_id=sent["message_id"])
    assert CANARY.encode() not in on_disk(tmp_path)


async def test_tokens_are_not_kept(tmp_path: Path) -> None:
    async with ChatWorld(tmp_path / "chats.db") as world:
        await call(world, "getMe")
    assert TOKEN.split(":")[1].encode() not in on_disk(tmp_path)
    assert (tmp_path / "chats.db").stat().st_mode & 0o077 == 0


async def test_in_memory_nothing_is_written_and_files_are_still_there(tmp_path: Path) -> None:
    async with ChatWorld(":memory:") as world:
        alice = speaks(world, "alice")
        upload = {"photo": UploadedFile("a.png", png())}
        answer = await BotApi(world).call(TOKEN, "sendPhoto", {"chat_id": alice}, upload)
        file_id = answer.json()["result"]["photo"][0]["file_id"]
        assert await world.files.content(file_id) == png()
    assert on_disk(tmp_path) == b""


async def test_a_store_writes_behind_on_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", interval_s=0)
    await store.open()
    store.put("kind", 1, {"a": 1})
    store.put("kind", 2, {"b": 2})
    store.drop("kind", 2)
    store.put_content("f", b"x")
    await store.close()
    again = Store(tmp_path / "s.db")
    assert await again.open() == [("kind", "1", {"a": 1})]
    assert await again.content("f") == b"x"
    again.drop_content("f")
    assert await again.content("f") is None
    await again.flush()
    assert await again.content("f") is None
    await again.close()


async def test_a_long_chat_forgets_its_beginning(world: ChatWorld) -> None:
    alice = world.people.user("alice").id
    for number in range(20_001):
        speaks(world, "alice", str(number))
    kept = world.history.entries(alice, 0)
    assert len(kept) == 18_001
    assert kept[-1]["text"] == "20000"
    assert world.history.find(alice, 1) is None
    assert world.history.find(alice, kept[0]["message_id"]) is not None
