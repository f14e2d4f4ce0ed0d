"""Who may do what, and what an update costs: judged in one place, buttons and forms included."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from domain.chat import forms
from domain.errors import DomainError
from domain.strategies.models import Strategy
from domain.users.models import User
from handlers.context import Context
from handlers.errors import sentence
from handlers.incoming import parse
from handlers.steps import check_access
from handlers.texts import Translator, plain
from handlers.types import Reply, Route, Tap
from tests.support.backbone import Chat, Rig, add, chat, look, rig, routed


async def hello(_ctx: Context) -> Reply:
    return Reply.text("hello")


async def ask(ctx: Context) -> Reply:
    """Two buttons of one question, one that shows, and a form."""
    return Reply.text(
        "sure?",
        (
            (
                ctx.buttons.act("Yes", "do", group="q", name="tapped"),
                ctx.buttons.act("No", "drop", group="q"),
                ctx.buttons.act("Now", "do", urgent=True, name="urgent"),
            ),
            (ctx.buttons.show("Look", "peek", 7), ctx.buttons.show("Turn", "turn")),
        ),
    )


async def do(ctx: Context) -> Reply:
    ctx.session.add(Strategy(user_id=ctx.user.id, name=ctx.tap["name"]))
    return Reply.edit("done") + Reply.answer("ok") + Reply.answer("ok twice")


async def drop(_ctx: Context) -> Reply:
    return Reply.edit("dropped")


async def peek(ctx: Context) -> Reply:
    return Reply.edit(f"page {ctx.tap['0']}")


async def refuse_after_work(ctx: Context) -> Reply:
    await add(ctx)
    await ctx.session.flush()
    raise DomainError("too_late")


async def form(ctx: Context) -> Reply:
    ctx.session.add(Strategy(user_id=ctx.user.id, name=ctx.incoming.text))
    await forms.close(ctx.session, ctx.user.id)
    return Reply.text("thanks")


async def open_form(ctx: Context) -> Reply:
    question = forms.OpenForm("name", "ask")
    await forms.ask(ctx.session, ctx.services.cipher, ctx.user.id, question, ctx.now)
    return Reply.text("which name?")


async def acting_read(ctx: Context) -> Reply:
    return Reply.text("x", ((ctx.buttons.act("Yes", "do"),),))


ROUTES = routed(
    Route("hello", hello, "t", access="anyone"),
    Route("boss", hello, "t", access="admin"),
    Route("odd", hello, "t", access="everybody"),
    Route("ask", ask, "t", writes=True),
    Route("enter", add, "t", writes=True, expires=True),
    Route("undo", refuse_after_work, "t", writes=True),
    Route("form", open_form, "t", writes=True),
    Route("wrong", acting_read, "t"),
    Route("stop", look, "t", lane=0),
)
TAPS = (
    Tap("do", do, writes=True, acts=True),
    Tap("drop", drop, writes=True, acts=True),
    Tap("peek", peek),
    Tap("turn", drop, access="admin", writes=True),
)


@pytest.fixture
async def far() -> AsyncIterator[Chat]:
    async with chat() as far:
        far.world.people.change_group("crowd", {"members": ["user", "stranger"]})
        yield far


@pytest.fixture
async def bot(tmp_path: Path, far: Chat) -> AsyncIterator[Rig]:
    async with rig(tmp_path, far, routes=ROUTES, taps=TAPS, forms={"name": form}, burst=12) as bot:
        await bot.user("user")
        await bot.user("gone", suspended=True)
        await bot.user("boss", admin=True)
        far.person("stranger")
        yield bot


def says(code: str, **params: object) -> str:
    return plain(sentence(DomainError(code, **params), Translator("en", "UTC")))


async def hears(bot: Rig, name: str, text: str) -> str:
    bot.chat.says(name, text)
    await bot.takes()
    return (bot.chat.heard(name) or [""])[-1]


STRANGER, SUSPENDED, DENIED = says("not_registered"), says("suspended"), says("not_allowed")


@pytest.mark.parametrize(
    ("command", "who", "answer"),
    [
        ("/hello", "stranger", "hello"),
        ("/hello", "user", "hello"),
        ("/hello", "gone", "hello"),
        ("/hello", "boss", "hello"),
        ("/look x", "stranger", STRANGER),
        ("/look x", "user", "seen x"),
        ("/look x", "gone", SUSPENDED),
        ("/look x", "boss", "seen x"),
        ("/add x", "stranger", STRANGER),
        ("/add x", "user", "added x"),
        ("/add x", "gone", SUSPENDED),
        ("/boss", "stranger", STRANGER),
        ("/boss", "user", DENIED),
        ("/boss", "gone", SUSPENDED),
        ("/boss", "boss", "hello"),
        ("/odd", "user", DENIED),
        ("/odd", "boss", DENIED),
        ("some words", "stranger", STRANGER),
        ("some words", "user", says("not_understood")),
        ("/nonsense", "user", says("unknown_command", command="nonsense")),
    ],
)
async def test_who_gets_what(bot: Rig, command: str, who: str, answer: str) -> None:
    assert await hears(bot, who, command) == answer
    allowed = command == "/add x" and answer == "added x"
    assert await bot.effects() == ({"x": 1} if allowed else {})


def test_access_that_nobody_defined_lets_nobody_in() -> None:
    with pytest.raises(DomainError, match="not_registered"):
        check_access("", None)


async def test_in_a_group_only_our_own_commands_are_answered_and_none_is_done(
    bot: Rig, far: Chat
) -> None:
    for text in ("hi all", "/weather", "/add x", "/add@Leverframe_bot y", "/add@other_bot z"):
        far.says("user", text, "crowd")
    await bot.takes()
    assert await bot.effects() == {}
    said = [str(call["text"]) for call in far.calls("sendMessage")]
    assert said == [says("private_only")] * 2
    assert "https://t.me/leverframe_bot" in str(far.calls("sendMessage")[0]["reply_markup"])


async def test_a_flood_is_answered_once_and_stopping_still_works(bot: Rig, far: Chat) -> None:
    for _ in range(40):
        far.says("user", "/look x")
    far.says("user", "/stop now")
    await bot.takes()
    heard = far.heard("user")
    assert heard.count("seen x") == 12
    assert heard.count(says("slow_down")) == 1
    assert heard.count("seen now") == 1
    rows = await bot.rows()
    assert {row.state for row in rows} == {"done"}
    assert not [row for row in rows if row.payload]


async def test_what_was_admitted_is_not_held_back_when_it_is_replayed(
    tmp_path: Path, far: Chat
) -> None:
    async with rig(tmp_path, far, burst=12) as bot:
        await bot.user("user")
        await bot.inbox.stop()
        for number in range(12):
            far.says("user", f"/add {number}")
        await bot.inbox.accept(await far.updates())
    async with rig(tmp_path, far, burst=1) as bot:
        await bot.inbox.replay()
        await bot.settles()
        assert await bot.effects() == {str(number): 1 for number in range(12)}


async def test_what_lets_risk_in_is_refused_when_it_comes_late(bot: Rig, far: Chat) -> None:
    update = incoming(far, "/enter x")
    far.wall.advance(61)
    late = parse(update, far.wall.now() - timedelta(seconds=61))
    timely = parse(update, far.wall.now() - timedelta(seconds=59))
    assert late is not None
    assert timely is not None
    reply = await bot.dispatcher.handle(late, unused)
    assert reply.actions[0].text == sentence(DomainError("too_late"), Translator("en", "UTC"))
    assert await bot.effects() == {}
    await bot.dispatcher.handle(timely, nothing_more)
    assert await bot.effects() == {"x": 1}


def incoming(far: Chat, text: str) -> dict[str, Any]:
    number = far.person("user")
    person = {"id": number, "is_bot": False, "first_name": "U"}
    body = {"message_id": 1, "chat": {"id": number, "type": "private"}, "from": person}
    return {"update_id": 1, "message": body | {"text": text}}


async def unused(_session: Any, _reply: Reply) -> None:
    raise AssertionError("a refusal commits nothing")


async def nothing_more(_session: Any, _reply: Reply) -> None:
    """The inbox is not part of this."""


class Begins:
    """How often a write transaction was opened."""

    def __init__(self, bot: Rig) -> None:
        self.count = 0
        event.listen(bot.database.engine.sync_engine, "before_cursor_execute", self._see)

    def _see(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.count += statement == "BEGIN IMMEDIATE"


async def test_a_read_opens_no_write_transaction(bot: Rig, far: Chat) -> None:
    begins = Begins(bot)
    read = parse(incoming(far, "/look x"), far.wall.now())
    assert read is not None
    reply = await bot.dispatcher.handle(read, unused)
    assert (begins.count, reply.actions[0].text) == (0, "seen x")
    write = parse(incoming(far, "/add x"), far.wall.now())
    assert write is not None
    await bot.dispatcher.handle(write, nothing_more)
    assert begins.count == 1


async def test_a_refusal_undoes_what_was_begun(bot: Rig) -> None:
    assert await hears(bot, "user", "/undo x") == says("too_late")
    assert await bot.effects() == {}


async def test_a_read_that_makes_an_acting_button_is_a_mistake(bot: Rig) -> None:
    assert (await hears(bot, "user", "/wrong")).startswith("sorry ")


class Hand:
    """Taps buttons as one person, and knows what was answered."""

    def __init__(self, bot: Rig, name: str = "user") -> None:
        self.bot, self.name, self.number = bot, name, 500

    async def asked(self) -> dict[str, str]:
        """Label -> data of the newest message's buttons."""
        await hears(self.bot, self.name, "/ask")
        rows = self.bot.chat.calls("sendMessage")[-1]["reply_markup"]["inline_keyboard"]
        return {button["text"]: button["callback_data"] for row in rows for button in row}

    async def taps(self, *data: str) -> list[str]:
        """Taps one after the other; the answers' texts."""
        before = len(self.bot.chat.api.calls.matching("answerCallbackQuery"))
        for one in data:
            self.number += 1
            await self.bot.takes(self.tap(one))
        calls = self.bot.chat.api.calls.matching("answerCallbackQuery")[before:]
        return [str(call["params"].get("text", "")) for call in calls]

    def tap(self, data: str) -> dict[str, Any]:
        person = self.bot.chat.person(self.name)
        sender = {"id": person, "is_bot": False, "first_name": "U"}
        message = {"message_id": 3, "chat": {"id": person, "type": "private"}}
        query = {"id": str(self.number), "from": sender, "message": message, "data": data}
        return {"update_id": self.number, "callback_query": query}


async def test_a_tap_is_done_once_and_answered_each_time(bot: Rig) -> None:
    hand = Hand(bot)
    data = await hand.asked()
    assert await hand.taps(data["Yes"], data["Yes"], data["No"]) == [
        "ok",
        says("button_used"),
        says("button_used"),
    ]
    assert await bot.effects() == {"tapped": 1}


async def test_another_persons_button_does_nothing(bot: Rig) -> None:
    data = await Hand(bot).asked()
    thief = Hand(bot, "boss")
    thief.number = 900
    answers = await thief.taps(data["Yes"], data["Now"], data["Look"])
    assert answers == [says("button_invalid")] * 3
    assert await bot.effects() == {}


async def test_an_expired_button_says_so_also_when_it_is_too_late_for_a_pop_up(
    bot: Rig, far: Chat
) -> None:
    hand = Hand(bot)
    data = await hand.asked()
    far.wall.advance(31)
    assert await hand.taps(data["Yes"]) == [says("button_expired")]
    assert far.heard("user")[-1] == says("button_expired")
    assert await bot.effects() == {}


@pytest.mark.parametrize("data", ["", "s", "a", "u", "sAAAA", "a" * 64, "한글", "{}", "\x01"])
async def test_a_forged_button_does_nothing(bot: Rig, data: str) -> None:
    assert await Hand(bot).taps(data) == [says("button_invalid")]
    assert await bot.effects() == {}


async def test_a_showing_button_may_be_tapped_again_and_writes_nothing(bot: Rig) -> None:
    hand = Hand(bot)
    data = await hand.asked()
    assert await hand.taps(data["Look"], data["Look"]) == ["", ""]
    assert len(bot.chat.api.calls.matching("editMessageText")) == 2


async def test_a_button_asks_for_the_same_rights_as_a_command(bot: Rig) -> None:
    hand = Hand(bot)
    data = await hand.asked()
    assert await hand.taps(data["Turn"]) == [says("not_allowed")]
    async with bot.database.write() as session:
        (await session.get_one(User, 1)).suspended_at = bot.chat.wall.now()
    assert await hand.taps(data["Yes"], data["Look"]) == [says("suspended")] * 2
    assert await bot.effects() == {}


async def test_a_flood_of_taps_is_answered_and_not_worked_on(bot: Rig) -> None:
    hand = Hand(bot)
    data = await hand.asked()
    answers = await hand.taps(*[data["Look"]] * 20)
    assert len(answers) == 20
    assert len(bot.chat.api.calls.matching("editMessageText")) == 11


async def test_the_answer_to_a_form_is_the_next_message(bot: Rig) -> None:
    assert await hears(bot, "user", "/form") == "which name?"
    assert await hears(bot, "user", "canary") == "thanks"
    assert await bot.effects() == {"canary": 1}
    assert await hears(bot, "user", "again") == says("not_understood")


async def test_a_form_does_not_wait_for_ever(bot: Rig, far: Chat) -> None:
    await hears(bot, "user", "/form")
    far.wall.advance(601)
    assert await hears(bot, "user", "late") == says("not_understood")
    assert await bot.effects() == {}


async def test_it_is_known_beforehand_what_may_change_something(bot: Rig, far: Chat) -> None:
    hand = Hand(bot)
    data = await hand.asked()
    raw = {
        "/look": incoming(far, "/look"),
        "/add": incoming(far, "/add"),
        "/nonsense": incoming(far, "/nonsense"),
        "words": incoming(far, "words"),
        **{label: hand.tap(data[label]) for label in ("Yes", "Look", "Turn")},
        "forged": hand.tap("sAAAA"),
    }
    found = {}
    for name, update in raw.items():
        parsed = parse(update, far.wall.now())
        assert parsed is not None
        found[name] = bot.dispatcher.steps.changes(parsed)
    assert found == {
        "/look": False,
        "/add": True,
        "/nonsense": False,
        "words": True,
        "Yes": True,
        "Look": False,
        "Turn": True,
        "forged": False,
    }
