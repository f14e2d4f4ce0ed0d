"""Fixtures that every test may ask for."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import structlog
from coverage.exceptions import CoverageWarning
from hypothesis import HealthCheck, settings

from bot.workers.ahead import alone
from bot.workers.compiled_cache import is_ready
from tests.support import postgres
from tests.support.browser import chromium_path
from tests.support.database import make_tables
from tests.support.examples import draw_from_what_is_loaded_now
from tests.support.pools import light_pool

COMPILED = Path(__file__).parents[1] / "build" / "compiled"

# A busy machine is not a bug. CI repeats the same examples: it fails for a reason.
PATIENT: Any = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("here", **PATIENT)
settings.register_profile("ci", **PATIENT, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# What is logged before the bot sets its own logging up: rich, a tool's dependency, would draw every
# traceback for seconds.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_configure() -> None:
    """SIGINT ends the run, as ever. But where Python's own handler stands, asyncio puts one of its
    own in its place for each fixture and each test, and the signal module asks that for its name:
    its task and, written out, all that it returned. This was nearly half of a chat test's time.
    """
    signal.signal(signal.SIGINT, _interrupted)


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser the browser's tests are skipped, except in CI, which must have one."""
    if chromium_path() or os.environ.get("CI"):
        return
    skip = pytest.mark.skip(reason="needs chromium (Debian: apt-get install chromium fonts-nanum)")
    for item in items:
        if item.get_closest_marker("e2e"):
            item.add_marker(skip)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no garbage collection looks at it again.
    What is imported later changes no example.
    """
    draw_from_what_is_loaded_now()
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Here and not at the end of the process: what is measured is put together after this."""
    light_pool().end()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop() -> Iterator[None]:
    """A process that was ended while it wrote what it had measured leaves a file that is none: left
    out, and not worth a word. Other warnings of coverage's are no errors, as pytest-cov has it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("once", CoverageWarning)
        for said in ("Data file .* isn't a coverage data file", "Couldn't use data file"):
            warnings.filterwarnings("ignore", said, CoverageWarning)
        return (yield)


@pytest.fixture(scope="session")
def compiled_dir() -> Path:
    """What long backtests run, compiled by one of the test processes for all of them and for later
    runs of the same code.
    """
    if not is_ready(COMPILED):
        compiling = "import sys; from pathlib import Path; from bot.workers.warming import main"
        code = f"{compiling}; main(Path(sys.argv[1]))"
        # Apart: nobody traces the compiler. Not politely: the others would let it wait for minutes.
        subprocess.run([sys.executable, "-c", code, str(COMPILED)], check=True)
        with alone(COMPILED, patient=True):
            assert is_ready(COMPILED)
    return COMPILED


@pytest.fixture(scope="session")
def pg_server() -> Iterator[postgres.PostgresServer]:
    """This test process's PostgreSQL server; `fresh(template(...))` gives a prepared database."""
    with postgres.running() as server:
        yield server


@pytest.fixture
def pg_url(pg_server: postgres.PostgresServer) -> str:
    """An empty PostgreSQL database of this test's own: `postgresql+psycopg://...`."""
    return pg_server.fresh()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file of this test's own, not there yet: `sqlite+aiosqlite:///...`."""
    return f"sqlite+aiosqlite:///{tmp_path / 'leverframe.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases, each empty."""
    name = {"sqlite": "sqlite_url", "postgres": "pg_url"}[request.param]
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def tables_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases, each with every table once `opened` has opened it."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server: postgres.PostgresServer = request.getfixturevalue("pg_server")
    return server.fresh(server.template("with_tables", make_tables))
