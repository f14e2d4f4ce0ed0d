"""What was asked for a minute ago may no longer be wanted: entries and loosening are refused."""

from __future__ import annotations

from datetime import timedelta

from domain.errors import DomainError
from handlers.context import Context

LATE = timedelta(seconds=60)


def refuse_late(ctx: Context) -> None:
    """For commands that only sometimes let more risk in. Raises DomainError("too_late")."""
    if ctx.now - ctx.incoming.received_at > LATE:
        raise DomainError("too_late")
