"""The embedded queue, and leases on roles that only one process may have."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import BigId, JSONText, UtcDateTime
from domain.database import Base

WAITING = text("state IN ('queued', 'running')")
OWNED_RUNNING = text("state = 'running' AND owner IS NOT NULL")


class Job(Base):
    """`state`: queued -> running -> done | failed; a job whose lease ran out is queued again.
    `owner`: the user it is for, of whose jobs a lane runs one at a time; `turn`: see
    `TableQueue.enqueue`. Times are the wall's.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "idx_job_waiting",
            "lane",
            "priority",
            "run_after",
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        Index(
            "idx_job_one_running",
            "lane",
            "owner",
            unique=True,
            sqlite_where=OWNED_RUNNING,
            postgresql_where=OWNED_RUNNING,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lane: Mapped[str] = mapped_column(String(12))
    task: Mapped[str] = mapped_column(String(40))
    args: Mapped[dict[str, Any]] = mapped_column(JSONText(dict[str, Any]))
    priority: Mapped[int] = mapped_column(SmallInteger, default=5, server_default="5")
    owner: Mapped[int | None] = mapped_column(Integer)
    turn: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    state: Mapped[str] = mapped_column(String(8), default="queued", server_default="queued")
    dedupe_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    run_after: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Lease(Base):
    """Who holds a role (poller, ticker, notifier) until when."""

    __tablename__ = "leases"

    role: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
