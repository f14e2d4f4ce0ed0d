"""Messages go out once, in order, within the limits, whatever Telegram says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot

from bot.journal import SentJournal
from bot.sandbox.faults import Fault
from bot.sender import Sender, SendError
from bot.throttle import Throttle
from handlers.types import Action, Button
from tests.support.backbone import TOKEN, Chat, chat, time_passes
from tests.support.sandbox_request import SandboxRequest


class HeldRequest(SandboxRequest):
    """Answers when the test says so. `on_wire`: the texts that are out and not answered."""

    def __init__(self, far: Chat) -> None:
        super().__init__(far.api)
        self.on_wire: list[str] = []
        self.most = 0
        self.held = False
        self.go = asyncio.Event()
        self.came = asyncio.Event()

    async def do_request(self, url: str, method: str, *rest: Any, **more: Any) -> tuple[int, bytes]:
        data = more.get("request_data") or (rest[0] if rest else None)
        text = str(data.json_parameters.get("text", "")) if data else ""
        self.on_wire.append(text)
        self.most = max(self.most, len(self.on_wire))
        self.came.set()
        try:
            if self.held:
                await self.go.wait()
            await asyncio.sleep(0)
            return await super().do_request(url, method, *rest, **more)
        finally:
            self.on_wire.remove(text)


@pytest.fixture
async def far() -> AsyncIterator[Chat]:
    async with chat() as far:
        yield far


@pytest.fixture
def request_(far: Chat) -> HeldRequest:
    return HeldRequest(far)


@pytest.fixture
async def sender(tmp_path: Path, far: Chat, request_: HeldRequest) -> AsyncIterator[Sender]:
    bot = Bot(TOKEN, request=request_)
    sender = made(tmp_path, far, bot)
    await bot.initialize()
    request_.came.clear()
    yield sender
    sender.journal.close()


def made(folder: Path, far: Chat, bot: Bot, throttle: Throttle | None = None) -> Sender:
    return Sender(
        bot,
        far.wall,
        throttle or Throttle(1e6, 1e6, 10**6),
        SentJournal(folder / "sent.journal"),
        folder,
        sleep=time_passes(far.wall),
    )


def saying(far: Chat, text: str, **more: Any) -> Action:
    return Action("send", chat_id=far.person("alice"), text=text, **more)


async def test_a_message_that_was_sent_is_not_sent_again(sender: Sender, far: Chat) -> None:
    first = await sender.perform(saying(far, "hello"), "i1.0")
    assert await sender.perform(saying(far, "hello"), "i1.0") == first
    assert far.heard("alice") == ["hello"]


async def test_at_most_one_message_is_on_the_wire_and_unrecorded(
    sender: Sender, far: Chat, request_: HeldRequest
) -> None:
    sender.patience_s = 60
    await asyncio.gather(
        *(sender.perform(saying(far, f"m{n}"), f"i{n}.0") for n in range(20)),
        *(sender.perform(saying(far, f"n{n}"), f"o{n}", notification=True) for n in range(20)),
    )
    assert request_.most == 1
    assert len(far.heard("alice")) == 40


async def test_a_slow_answer_lets_the_others_go_after_a_while(
    sender: Sender, far: Chat, request_: HeldRequest
) -> None:
    sender.patience_s = 0
    request_.held = True
    slow = asyncio.create_task(sender.perform(saying(far, "slow"), "i1.0"))
    await request_.came.wait()
    request_.held = False
    await sender.perform(saying(far, "quick"), "i2.0")
    request_.go.set()
    await slow
    assert far.heard("alice") == ["quick", "slow"]


async def test_a_send_whose_caller_went_away_is_still_recorded(
    sender: Sender, far: Chat, request_: HeldRequest
) -> None:
    request_.held, sender.patience_s = True, 60
    caller = asyncio.create_task(sender.perform(saying(far, "hello"), "i1.0"))
    await request_.came.wait()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    request_.held = False
    request_.go.set()
    await sender.perform(saying(far, "next"), "i2.0")
    assert sender.journal.sent("i1.0") is not None
    assert far.heard("alice") == ["hello", "next"]


async def test_a_long_text_goes_out_in_parts_and_goes_on_where_it_stopped(
    sender: Sender, far: Chat
) -> None:
    text = "\n".join(f"line {n} {'x' * 60}" for n in range(200))
    far.api.faults.add(Fault("sendMessage", 500))
    with pytest.raises(SendError):
        await sender.perform(saying(far, text), "i1.0")
    sender.journal.record(["i1.0/0"], 1)
    keyboard = ((Button("ok", data="x"),),)
    await sender.perform(saying(far, text, keyboard=keyboard), "i1.0")
    heard = far.heard("alice")
    assert len(heard) >= 2
    assert heard[-1].endswith(f"line 199 {'x' * 60}")
    assert "line 0 " not in "".join(heard)
    marked = [bool(call.get("reply_markup")) for call in far.calls("sendMessage")]
    assert marked == [False] * (len(heard) - 1) + [True]


async def test_every_part_of_a_long_text_counts_for_the_limits(tmp_path: Path, far: Chat) -> None:
    bot = Bot(TOKEN, request=SandboxRequest(far.api))
    sender = made(tmp_path, far, bot, Throttle(30, 1, 1))
    before = far.wall.now_ms()
    await sender.perform(saying(far, "x" * 9000), "i1.0")
    assert far.wall.now_ms() - before >= 2000
    sender.journal.close()


async def test_who_would_wait_long_comes_back_later(tmp_path: Path, far: Chat) -> None:
    sender = made(tmp_path, far, Bot(TOKEN, request=SandboxRequest(far.api)))
    sender.throttle.pause(far.person("alice"), far.wall.monotonic(), 9.0)
    with pytest.raises(SendError) as refused:
        await sender.perform(saying(far, "hello"), "i1.0")
    assert (refused.value.code, refused.value.retry_after_s) == ("throttled", 9.0)
    sender.journal.close()


@pytest.mark.parametrize(
    ("status", "description", "code", "retry", "gone"),
    [
        (429, None, "rate_limited", 1.0, False),
        (500, None, "unreachable", 1.0, False),
        (401, None, "token_refused", 30.0, False),
        (403, None, "blocked", None, True),
        (400, "Bad Request: chat not found", "chat_gone", None, True),
        (400, "Bad Request: message is too long", "bad_request", None, False),
    ],
)
async def test_every_refusal_says_what_to_do_about_it(
    sender: Sender, far: Chat, status: int, description: str | None, code: str,
    retry: float | None, gone: bool,
) -> None:  # fmt: skip
    far.api.faults.add(Fault("sendMessage", status, description=description))
    with pytest.raises(SendError) as refused:
        await sender.perform(saying(far, "hello"), "i1.0")
    said = refused.value
    assert (said.code, said.retry_after_s, said.gone) == (code, retry, gone)
    assert TOKEN not in repr(said)


async def test_an_answer_that_got_lost_on_the_way_is_tried_again(sender: Sender, far: Chat) -> None:
    far.api.faults.add(Fault("sendMessage", drop=True))
    with pytest.raises(SendError) as refused:
        await sender.perform(saying(far, "hello"), "i1.0")
    assert refused.value.code == "unreachable"


async def test_a_429_holds_the_chat_back_also_when_it_was_for_an_edit(
    sender: Sender, far: Chat
) -> None:
    shown = await sender.perform(saying(far, "hello"), "i1.0")
    far.api.faults.add(Fault("editMessageText", 429, retry_after=9))
    edit = Action("edit", chat_id=far.person("alice"), message_id=shown, text="changed")
    with pytest.raises(SendError):
        await sender.perform(edit, "i2.0")
    with pytest.raises(SendError, match="throttled"):
        await sender.perform(saying(far, "more"), "i3.0")


async def test_an_edit_that_changes_nothing_is_no_error(sender: Sender, far: Chat) -> None:
    shown = await sender.perform(saying(far, "hello"), "i1.0")
    edit = Action("edit", chat_id=far.person("alice"), message_id=shown, text="hello")
    assert await sender.perform(edit, "i2.0") is None
    assert far.heard("alice") == ["hello"]


async def test_a_message_that_is_gone_already_is_deleted(sender: Sender, far: Chat) -> None:
    delete = Action("delete", chat_id=far.person("alice"), message_id=99)
    assert await sender.perform(delete, "i1.0") is None


async def test_a_tap_is_answered_however_late(sender: Sender, far: Chat) -> None:
    late = Action("answer", chat_id=far.person("alice"), callback_id="forgotten", text="Saved.")
    assert await sender.perform(late, "i1.0") is None
    assert far.heard("alice") == []


async def test_a_pop_up_that_comes_too_late_is_said_as_a_message_once(
    sender: Sender, far: Chat
) -> None:
    late = Action(
        "answer",
        chat_id=far.person("alice"),
        callback_id="forgotten",
        text="5 < 6: this button has expired.",
        alert=True,
    )
    first = await sender.perform(late, "i1.0")
    assert await sender.perform(late, "i1.0") == first
    assert far.heard("alice") == ["5 < 6: this button has expired."]


async def test_a_markup_changes_the_buttons_alone(sender: Sender, far: Chat) -> None:
    shown = await sender.perform(saying(far, "hello"), "i1.0")
    keyboard = ((Button("ok", data="x", style="danger"),),)
    change = Action("markup", chat_id=far.person("alice"), message_id=shown, keyboard=keyboard)
    await sender.perform(change, "i2.0")
    assert far.calls("editMessageReplyMarkup")[0]["reply_markup"]["inline_keyboard"]
    assert far.heard("alice") == ["hello"]


async def test_files_of_the_data_directory_are_sent_and_others_are_not(
    sender: Sender, far: Chat, tmp_path: Path
) -> None:
    (tmp_path / "trades.csv").write_text("a;b\n")
    action = Action(
        "document",
        chat_id=far.person("alice"),
        file="trades.csv",
        filename="my trades.csv",
        text="here",
    )
    await sender.perform(action, "i1.0")
    assert far.heard("alice") == ["here"]
    for name in ("missing.csv", "../../etc/passwd", ""):
        with pytest.raises(SendError, match="file_missing"):
            await sender.perform(
                Action("document", chat_id=far.person("alice"), file=name), f"i2.{name}"
            )


async def test_markup_that_telegram_cannot_read_is_sent_as_plain_text(
    sender: Sender, far: Chat
) -> None:
    await sender.perform(saying(far, "<b>profit</b> <wrong>5 &lt; 6"), "i1.0")
    assert far.heard("alice") == ["profit 5 < 6"]
