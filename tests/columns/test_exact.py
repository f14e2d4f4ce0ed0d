"""What was stored comes back as it was, on either database."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Integer, create_engine, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from domain.columns import ExactNumeric, JSONText, UtcDateTime
from domain.database import Database
from domain.errors import DomainError
from domain.money import LIMIT, QUANTUM, exact, floor_step

AMOUNTS = st.decimals(-LIMIT + 1, LIMIT - 1, places=8, allow_nan=False)
SQLITE, POSTGRES = sqlite.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call]


class Base(DeclarativeBase):
    """Tables of this test alone."""


class Amount(Base):
    __tablename__ = "amounts"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    value: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    counts: Mapped[dict[str, int] | None] = mapped_column(JSONText(dict[str, int]))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, durable=False)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


async def store(database: Database, **values: Any) -> Amount:
    """What comes back, read anew."""
    async with database.write() as session:
        row = Amount(**values)
        session.add(row)
        await session.flush()
        row_id = row.id
    async with database.read() as session:
        return await session.get_one(Amount, row_id)


async def test_none_of_two_thousand_amounts_comes_back_wrong(database: Database) -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    whole = [dice.randrange(-(10**18) + 1, 10**18) for _ in range(2000)]
    amounts = [Decimal(value) * QUANTUM for value in whole]
    async with database.write() as session:
        session.add_all(Amount(value=amount) for amount in amounts)
    async with database.read() as session:
        back = list(await session.scalars(select(Amount.value).order_by(Amount.id)))
    assert [a for a, b in zip(amounts, back, strict=True) if a != b] == []
    assert all(isinstance(value, Decimal) for value in back)


@given(AMOUNTS)
def test_any_amount_survives_the_way_through_either_column(amount: Decimal) -> None:
    kept = ExactNumeric()
    for dialect in (SQLITE, POSTGRES):
        bound = kept.process_bind_param(amount, dialect)
        assert kept.process_result_value(bound, dialect) == amount


async def test_sums_and_extremes_are_exact(database: Database) -> None:
    amounts = [Decimal("0.1"), Decimal("0.2"), Decimal("-7.00000001"), Decimal(9_999_999_999)]
    async with database.write() as session:
        session.add_all(Amount(value=amount) for amount in [*amounts, *amounts])
    async with database.read() as session:
        row = (
            await session.execute(
                select(func.sum(Amount.value), func.min(Amount.value), func.max(Amount.value))
            )
        ).one()
        above = await session.scalar(
            select(func.count()).where(Amount.value > Decimal("0.1")).select_from(Amount)
        )
    assert tuple(row) == (2 * sum(amounts), Decimal("-7.00000001"), Decimal(9_999_999_999))
    assert above == 4


async def test_nothing_is_stored_as_nothing(database: Database) -> None:
    row = await store(database, value=None, at=None, counts=None)
    assert (row.value, row.at, row.counts) == (None, None, None)


async def test_a_float_is_refused_and_so_is_what_does_not_fit(database: Database) -> None:
    with pytest.raises(StatementError, match="money is Decimal"):
        await store(database, value=0.1)
    for amount in ("1e10", "NaN", "Infinity", "9999999999.999999999"):
        with pytest.raises(DomainError, match="amount_out_of_range"):
            await store(database, value=Decimal(amount))


async def test_a_finer_amount_is_rounded_half_even(database: Database) -> None:
    row = await store(database, value=Decimal("1.000000005"))
    assert row.value == Decimal("1.00000000")
    row = await store(database, value=Decimal("1.000000015"))
    assert row.value == Decimal("1.00000002")


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-9e9, max_value=9e9))
def test_a_float_becomes_money_as_it_is_written(value: float) -> None:
    assert abs(exact(value) - Decimal(repr(value))) <= QUANTUM / 2


@given(AMOUNTS, st.decimals("0.001", "100", places=3))
def test_a_floored_amount_is_a_multiple_of_the_step_and_not_larger(
    amount: Decimal, step: Decimal
) -> None:
    floored = floor_step(amount, step)
    assert floored % step == 0
    assert abs(floored) <= abs(amount) < abs(floored) + step


def test_a_step_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="positive"):
        floor_step(Decimal(1), Decimal(0))


async def test_times_are_utc_wherever_they_come_from(database: Database) -> None:
    seoul = timezone(timedelta(hours=9))
    row = await store(database, at=datetime(2026, 1, 2, 8, 30, 0, 123456, tzinfo=seoul))
    assert row.at == datetime(2026, 1, 1, 23, 30, 0, 123456, tzinfo=UTC)
    assert row.at is not None
    assert row.at.tzinfo is UTC
    async with database.read() as session:
        stored = str(await session.scalar(text("SELECT at FROM amounts")))
    assert stored.startswith("2026-01-01 23:30:00.123456")


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"):
        await store(database, at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is refused


async def test_json_comes_back_checked(database: Database) -> None:
    row = await store(database, counts={"a": 1, "한글": 2})
    assert row.counts == {"a": 1, "한글": 2}


@pytest.mark.parametrize("broken", ["", "{", "[1]", '{"a": "x"}', '{"a": NaN}', "null!"])
async def test_a_broken_row_is_an_error_that_can_be_understood(
    database: Database, broken: str
) -> None:
    async with database.write() as session:
        await session.execute(text("INSERT INTO amounts (counts) VALUES (:v)"), {"v": broken})
    async with database.read() as session:
        with pytest.raises(DomainError, match="row_broken"):
            await session.scalars(select(Amount.counts))


@pytest.mark.parametrize("wrong", [{"a": "x"}, [1], "text", {"a": 1.5}])
async def test_what_does_not_fit_never_gets_into_a_row(database: Database, wrong: Any) -> None:
    with pytest.raises((StatementError, ValueError)):
        await store(database, counts=wrong)
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Amount)) == 0


def test_what_is_not_asynchronous_stores_and_reads_the_same(database_url: str) -> None:
    at = datetime(2026, 1, 1, 8, 30, tzinfo=timezone(timedelta(hours=9)))
    engine = create_engine(database_url.replace("+aiosqlite", ""))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Amount(value=Decimal("0.1"), at=at, counts={"a": 1}))
        session.add(Amount())
        session.commit()
        full, empty = session.scalars(select(Amount).order_by(Amount.id))
        assert (full.value, full.at, full.counts) == (Decimal("0.1"), at, {"a": 1})
        assert (empty.value, empty.at, empty.counts) == (None, None, None)
        for wrong in (0.1, Decimal("1e10"), at.replace(tzinfo=None)):
            values = {"at" if isinstance(wrong, datetime) else "value": wrong}
            session.add(Amount(**values))
            with pytest.raises((StatementError, DomainError)):
                session.flush()
            session.rollback()
        session.execute(text("INSERT INTO amounts (counts) VALUES ('[1]')"))
        with pytest.raises(DomainError, match="row_broken"):
            session.scalars(select(Amount.counts)).all()
    engine.dispose()
