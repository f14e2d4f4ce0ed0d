"""The migrations on both databases: up, compared with the models, all the way down, up again."""

from __future__ import annotations

import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

import migrations
from tests.support import postgres


def config(url: str) -> Config:
    """Alembic's settings for the database at `url`, which `migrations/env.py` reads from here."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(migrations.__path__[0])))
    settings.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return settings


def round_trip(name: str, url: str) -> None:
    """Raises what Alembic raises: a migration that fails, or models that no migration makes."""
    settings = config(url)
    command.upgrade(settings, "head")
    command.check(settings)
    command.downgrade(settings, "base")
    command.upgrade(settings, "head")
    print(f"migrations on {name}: up, same as the models, down, up")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        round_trip("SQLite", f"sqlite+aiosqlite:///{Path(folder) / 'leverframe.db'}")
    with postgres.running() as server:
        round_trip("PostgreSQL", server.fresh())


if __name__ == "__main__":
    main()
