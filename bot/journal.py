"""What was sent but is not in the database yet: one short line per message, appended as soon as
Telegram has answered.

Marks in the database are written in batches. A process that is killed between a send and its batch
reads this file when it starts again, so only the one message that was on the wire can be repeated.
(A line costs microseconds: it survives the death of the process, not of the machine.)
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)
_COMPACT_ABOVE = 1 << 20
_LINE = re.compile(r"(\S+) (\d+)")


@dataclass
class SentJournal:
    """Keys name a send: `i<inbox row>.<action>` or `o<outbox row>`, with `/<part>` for the parts of
    a long text; the value is the message id it got (0: none). What stands before `.` or `/` is the
    key's row: rows are forgotten as a whole.
    """

    path: Path
    _live: dict[str, int] = field(init=False, default_factory=dict)
    _rows: dict[str, set[str]] = field(init=False, default_factory=dict)
    _size: int = field(init=False, default=0)
    _file: int = field(init=False)

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        content = self.path.read_bytes()
        # A last line that a crash cut off must not become the beginning of the next one.
        self._size = content.rfind(b"\n") + 1
        os.ftruncate(self._file, self._size)
        for line in content[: self._size].decode(errors="replace").splitlines():
            found = _LINE.fullmatch(line)
            if found:
                self._remember(found[1], int(found[2]))

    def record(self, keys: Sequence[str], message_id: int) -> None:
        """Remember a send, at once, under every key that it settles (in one write: all or none
        survive).
        """
        for key in keys:
            self._remember(key, message_id)
        lines = "".join(f"{key} {message_id}\n" for key in keys)
        try:
            self._size += os.write(self._file, lines.encode())
        except OSError as error:  # the message is out: a full disk must not have it sent again
            log.error("journal not written", error=error.strerror)

    def sent(self, key: str) -> int | None:
        """The message id that a send got before; None = not sent as far as we know."""
        return self._live.get(key)

    def knows(self, row: str) -> bool:
        """Whether anything of this row was sent."""
        return row in self._rows

    def forget(self, rows: Collection[str]) -> None:
        """The database knows these now."""
        for row in rows:
            for key in self._rows.pop(row, ()):
                self._live.pop(key, None)
        if not self._live and self._size:
            os.ftruncate(self._file, 0)
            self._size = 0
        elif self._size > _COMPACT_ABOVE:
            self._compact()

    def keep_only(self, kind: str, rows: Collection[str]) -> None:
        """At the start: of `kind` (i or o) only these are open; a line about another row is left
        over, and its number may be given to a new row.
        """
        self.forget([row for row in self._rows if row.startswith(kind) and row not in rows])

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _remember(self, key: str, message_id: int) -> None:
        self._live[key] = message_id
        row = key.partition("/")[0].partition(".")[0]
        self._rows.setdefault(row, set()).add(key)

    def _compact(self) -> None:
        """Half a file is never seen: the new one takes the old one's place when it is whole."""
        fresh = self.path.with_suffix(".new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        lines = "".join(f"{key} {value}\n" for key, value in self._live.items())
        self._size = os.write(file, lines.encode())
        fresh.replace(self.path)
        os.close(self._file)
        self._file = file
