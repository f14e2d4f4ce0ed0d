"""What happens in one place only: committing, reading the time, asking a market."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import PACKAGES, Module, modules, parse, references

COMMITS = {
    "domain/database.py": "the unit of work",
    "domain/sqlite_driver.py": "the driver underneath it",
}
"""File -> why it may commit."""

READS_TIME = {"domain/clock.py": "the clocks"}
"""File -> why it may read the time."""

ASKED = ("price", "contract", "candles", "funding", "history_range")
"""What a market is asked over the network."""

TIME = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
}


def commits(module: Module) -> Iterator[str]:
    """Places that end a transaction: `x.commit()`, `with x.begin():`, a literal COMMIT."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.withitem) and _method(node.context_expr) == "begin":
            yield f"{module.at(node.context_expr)} with .begin()"
        elif _method(node) == "commit":
            yield f"{module.at(node)} .commit()"
        elif isinstance(node, ast.Constant) and str(node.value).strip(" ;\n").upper() == "COMMIT":
            yield f"{module.at(node)} a literal COMMIT"


def _method(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr
    return ""


def reads_of_time(module: Module) -> Iterator[str]:
    """Places that name a function which reads the time of day, called or passed on."""
    for node, meaning in references(module):
        if meaning in TIME:
            yield f"{module.at(node)} {meaning}"


def asks_the_market(module: Module) -> Iterator[str]:
    """Places where a handler, whose unit of work is open, waits for a market."""
    for node in ast.walk(module.tree):
        asked = ast.unparse(node.value) if isinstance(node, ast.Await) else ""
        if asked.startswith(tuple(f"ctx.services.market.{what}(" for what in ASKED)):
            yield f"{module.at(node)} {asked}"


def test_handlers_ask_a_market_before_their_unit_of_work_opens() -> None:
    found = [place for module in modules("handlers") for place in asks_the_market(module)]
    assert not found, "give the route a `looks`"


def test_a_question_to_the_market_is_found() -> None:
    assert list(asks_the_market(parse("async def f(ctx):\n await ctx.services.market.price('X')")))
    assert not list(asks_the_market(parse("async def f(s):\n await s.market.price('X')")))


def test_only_the_unit_of_work_commits() -> None:
    found = [
        place
        for module in modules("bot", "handlers", "domain")
        if module.path not in COMMITS
        for place in commits(module)
    ]
    assert not found, "leave the transaction to domain/database.py"


def test_only_the_clock_reads_the_time() -> None:
    found = [
        place
        for module in modules(*PACKAGES)
        if module.path not in READS_TIME
        for place in reads_of_time(module)
    ]
    assert not found, "take a WallClock or a MarketClock instead"


@pytest.mark.parametrize(
    "text",
    [
        "await session.commit()",
        "async with engine.begin() as connection: pass",
        "connection.execute(text('commit;'))",
    ],
)
def test_a_commit_is_found_however_it_is_written(text: str) -> None:
    module = parse(f"async def work():\n    {text}")
    assert list(commits(module))


def test_a_service_may_call_its_own_step_begin() -> None:
    assert not list(commits(parse("inbox.begin(session, rows)")))


@pytest.mark.parametrize(
    "text",
    [
        "from datetime import datetime as dt\ndt.now()",
        "import datetime\ndatetime.datetime.utcnow()",
        "import time as t\nt.time()",
        "from time import time\nfield(default_factory=time)",
        "from datetime import date\ndate.today()",
    ],
)
def test_reading_the_time_is_found_under_any_name(text: str) -> None:
    assert list(reads_of_time(parse(text)))


@pytest.mark.parametrize(
    "text",
    ["import time\ntime.monotonic()", "clock.now()", "from sqlalchemy import func\nfunc.now()"],
)
def test_clocks_and_stopwatches_are_not_taken_for_the_time_of_day(text: str) -> None:
    assert not list(reads_of_time(parse(text)))
