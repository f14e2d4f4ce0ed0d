"""Looks at the chats and the tables of a stage after a kill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from sqlalchemy import Select, func, select

from domain.backtests.models import BacktestResult
from domain.chat.models import InboxUpdate
from domain.outbox.models import OutboxMessage
from domain.trading.models import IS_OPEN, Fill, Order, Position, Trade
from domain.trading.notices import short_ref
from tests.crash import ledger
from tests.crash.chat import repeated, told
from tests.crash.stage import Stage
from tests.crash.thirty import Asked
from tests.support.sandbox_client import Message

Refs = dict[int, Counter[str]]
"""User id -> reference -> how many notifications must bear it."""


async def chats(stage: Stage, since: Mapping[str, int] | None = None) -> dict[str, list[Message]]:
    """What stands in everybody's chat, after `since`."""
    since = since or {}
    return {name: await stage.people.messages(name, since.get(name, 0)) for name in stage.everybody}


async def newest(stage: Stage) -> dict[str, int]:
    """Where everybody's chat stands now."""
    return {name: entries[-1]["seq"] for name, entries in (await chats(stage)).items() if entries}


async def done_with(stage: Stage, asked: Sequence[Asked]) -> int:
    """How many commands were."""
    async with stage.database.read() as session:
        return await session.scalar(_inbox(asked).where(InboxUpdate.state == "done")) or 0


async def in_flight(stage: Stage) -> int:
    """Trades under way: open positions and orders."""
    async with stage.database.read() as session:
        held = await session.scalar(select(func.count(Position.id)))
        orders = await session.scalar(select(func.count(Order.id)).where(IS_OPEN))
    return (held or 0) + (orders or 0)


async def until_quiet(stage: Stage, asked: Sequence[Asked]) -> Refs:
    """Until everything that was asked is done and everything recorded by then is told.

    Returns what was recorded by then.
    """

    async def commands() -> str | None:
        async with stage.database.read() as session:
            ended = _inbox(asked).where(InboxUpdate.state.in_(("done", "failed")))
            count = await session.scalar(ended)
        return None if count == len(asked) else f"{count} of {len(asked)} are done with"

    async def backtests() -> str | None:
        going = BacktestResult.status.in_(("queued", "running"))
        async with stage.database.read() as session:
            count = await session.scalar(select(func.count(BacktestResult.id)).where(going))
        return f"{count} are under way" if count else None

    await stage.until("commands", commands)
    await stage.until("backtests", backtests)
    await stage.until("effects", _effects_wait(stage, asked))
    recorded, last = await _recorded(stage)

    async def notifications() -> str | None:
        waits = (OutboxMessage.state == "pending") & (OutboxMessage.id <= last)
        async with stage.database.read() as session:
            count = await session.scalar(select(func.count(OutboxMessage.id)).where(waits))
        return f"{count} wait" if count else None

    await stage.until("notifications", notifications)
    return recorded


async def commands_checked(
    stage: Stage, asked: Sequence[Asked], since: Mapping[str, int]
) -> tuple[list[str], int]:
    """(what is wrong, answers too many): each has its effect, and its answer."""
    said, user_ids = await chats(stage, since), await stage.user_ids()
    wrong: list[str] = []
    too_many = 0
    for each in asked:
        answers = each.answers(said[each.name])
        if answers == 0:
            wrong.append(f"{each.name}, {each.text}: no answer")
        too_many += max(0, answers - 1)
        wrong += await _effect_missing(stage, each, user_ids.get(each.name))
    async with stage.database.read() as session:
        failed = _inbox(asked).where(InboxUpdate.state == "failed")
        if count := await session.scalar(failed):
            wrong.append(f"{count} commands were parked")
    return wrong, too_many


async def trades_checked(stage: Stage, recorded: Refs) -> list[str]:
    """Every entry and every trade of `recorded` is told in its owner's chat."""
    said, user_ids = await chats(stage), await stage.user_ids()
    wrong = []
    for name, user_id in user_ids.items():
        texts = {(each.ref, each.text) for each in told(said[name]) if not each.is_signal}
        shown = Counter(ref for ref, _ in texts)
        for ref, count in recorded.get(user_id, Counter()).items():
            if shown[ref] < count:
                wrong.append(f"{name}, {ref}: {shown[ref]} of {count} told")
    async with stage.database.read() as session:
        lost = select(OutboxMessage.id).where(
            OutboxMessage.kind.in_(("entry", "exit")),
            OutboxMessage.state.not_in(("pending", "sent")),
        )
        wrong += [f"notification {row} was dropped" for row in await session.scalars(lost)]
    return wrong


async def repeats(stage: Stage) -> Counter[tuple[str, int]]:
    """Messages that say again what was said: (name, message id)."""
    said = await chats(stage)
    return Counter((name, again) for name, each in said.items() for again in repeated(each))


async def books_checked(stage: Stage) -> list[str]:
    """The tables as they stand, once the market stands still for a moment."""

    async def differ() -> str | None:
        async with stage.database.read() as session:
            return "; ".join(await ledger.books(session)) or None

    await stage.until("books", differ)
    async with stage.database.read() as session:
        return await ledger.doubled(session)


async def trades_recorded(stage: Stage) -> int:
    """How many there are."""
    async with stage.database.read() as session:
        return await session.scalar(select(func.count(Trade.id))) or 0


def _inbox(asked: Sequence[Asked]) -> Select[int]:
    ids = [each.update_id for each in asked]
    return select(func.count(InboxUpdate.id)).where(InboxUpdate.update_id.in_(ids))


def _effects_wait(stage: Stage, asked: Sequence[Asked]) -> Callable[[], Awaitable[str | None]]:
    """What a command only sets off (positions being closed) takes a bar or two."""
    tapped = [each for each in asked if each.tap is not None]

    async def waits() -> str | None:
        user_ids = await stage.user_ids()
        missing: list[str] = []
        for each in tapped:
            missing += await _effect_missing(stage, each, user_ids[each.name])
        return "; ".join(missing) or None

    return waits


async def _effect_missing(stage: Stage, asked: Asked, user_id: int | None) -> list[str]:
    if asked.effect is None:
        return []
    if user_id is None:
        return [f"{asked.name}, {asked.text}: no account"]
    async with stage.database.read() as session:
        found, wanted = await asked.effect(session, user_id)
    same = found == wanted
    return [] if same else [f"{asked.name}, {asked.text}: {found} instead of {wanted}"]


async def _recorded(stage: Stage) -> tuple[Refs, int]:
    """(what is to be told, the newest notification): of one moment."""
    refs: Refs = {}
    async with stage.database.read() as session:
        entries = select(Fill.user_id, Fill.client_order_id).where(Fill.reason == "entry")
        trades = select(Trade.user_id, Trade.position_ref)
        for user_id, reference in [
            *(await session.execute(entries)),
            *(await session.execute(trades)),
        ]:
            refs.setdefault(user_id, Counter())[short_ref(reference)] += 1
        last = await session.scalar(select(func.max(OutboxMessage.id)))
    return refs, last or 0
