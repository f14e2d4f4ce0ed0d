"""Write-behind storage in one SQLite file: the world lives in memory, the file lets it come back.

Changes are gathered and written by a thread at most every 50 ms, so a killed sandbox may forget its
last moments;
a killed *bot* loses nothing. Deleted rows are overwritten (`secure_delete`), and the journal is
truncated at each
commit: what the bot deleted from the chat is not left in the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS things (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind,
key));
CREATE TABLE IF NOT EXISTS contents (file_id TEXT PRIMARY KEY, content BLOB NOT NULL);
"""
_PUT = (
    "INSERT INTO things VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body"
)
_DROP = "DELETE FROM things WHERE kind = ? AND key = ?"
_PUT_CONTENT = "INSERT OR REPLACE INTO contents VALUES (?, ?)"
_DROP_CONTENT = "DELETE FROM contents WHERE file_id = ?"


class Store:
    """Rows of JSON by (kind, key), and file contents by id. `path=None` keeps everything in memory
    only.
    """

    def __init__(self, path: Path | None, interval_s: float = 0.05) -> None:
        self._path = path
        self._interval_s = interval_s
        self._rows: dict[tuple[str, str], Any] = {}
        self._contents: dict[str, bytes | None] = {}
        self._changed = asyncio.Event()
        self._thread: ThreadPoolExecutor | None = None
        self._database: sqlite3.Connection | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> list[tuple[str, str, Any]]:
        """Every row as (kind, key, value), in the order of their keys' insertion."""
        if self._path is None:
            return []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sandbox-store")
        rows = await self._in_thread(self._connect, self._path)
        self._task = asyncio.create_task(self._write_behind())
        return [(kind, key, json.loads(body)) for kind, key, body in rows]

    def put(self, kind: str, key: int | str, value: Any) -> None:
        """Keep `value`; it is read when the row is written, so later changes to it may be seen or
        not.
        """
        if self._path is not None:
            self._rows[kind, str(key)] = value
            self._changed.set()

    def drop(self, kind: str, key: int | str) -> None:
        self.put(kind, key, None)

    def put_content(self, file_id: str, content: bytes) -> None:
        self._contents[file_id] = content
        self._changed.set()

    def drop_content(self, file_id: str) -> None:
        if self._path is None:
            self._contents.pop(file_id, None)
        else:
            self._contents[file_id] = None
            self._changed.set()

    async def content(self, file_id: str) -> bytes | None:
        """The bytes of a file, None when there is no such file."""
        if file_id in self._contents or self._path is None:
            return self._contents.get(file_id)
        found: bytes | None = await self._in_thread(self._read_content, file_id)
        return found

    async def flush(self) -> None:
        """Write what has changed; returns when it is committed."""
        self._changed.clear()
        if self._thread is None or not (self._rows or self._contents):
            return
        puts = [
            (kind, key, json.dumps(value))
            for (kind, key), value in self._rows.items()
            if value is not None
        ]
        drops = [key for key, value in self._rows.items() if value is None]
        contents = dict(self._contents)
        self._rows.clear()
        await self._in_thread(self._write, puts, drops, contents)
        for file_id, content in contents.items():
            if self._contents.get(file_id) is content:
                del self._contents[file_id]

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._thread is not None:
            await self.flush()
            await self._in_thread(self._disconnect)
            self._thread.shutdown()
            self._thread = None

    async def _write_behind(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._interval_s)
            # A flush under way is finished even if the store is closed meanwhile.
            await asyncio.shield(asyncio.ensure_future(self.flush()))

    async def _in_thread(self, function: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    def _connect(self, path: Path) -> list[tuple[str, str, str]]:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, check_same_thread=False)
        path.chmod(0o600)
        database.execute("PRAGMA secure_delete = ON")
        database.execute("PRAGMA journal_mode = TRUNCATE")
        # Survives a kill of the process; only a power cut could lose the last commits.
        database.execute("PRAGMA synchronous = OFF")
        database.executescript(_SCHEMA)
        self._database = database
        return database.execute("SELECT kind, key, body FROM things ORDER BY rowid").fetchall()

    def _write(
        self,
        puts: list[tuple[str, str, str]],
        drops: list[tuple[str, str]],
        contents: dict[str, bytes | None],
    ) -> None:
        if self._database is None:
            raise RuntimeError("the store is not open")
        with self._database as database:
            database.executemany(_PUT, puts)
            database.executemany(_DROP, drops)
            database.executemany(
                _PUT_CONTENT, [item for item in contents.items() if item[1] is not None]
            )
            database.executemany(
                _DROP_CONTENT, [(key,) for key, value in contents.items() if value is None]
            )

    def _read_content(self, file_id: str) -> bytes | None:
        if self._database is None:
            raise RuntimeError("the store is not open")
        row = self._database.execute(
            "SELECT content FROM contents WHERE file_id = ?", (file_id,)
        ).fetchone()
        return row[0] if row else None

    def _disconnect(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
