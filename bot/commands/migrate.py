"""`leverframe migrate`: create, adopt or upgrade the database that the settings name."""

from __future__ import annotations

import argparse
import sys

from bot.migrations import bring_up_to_date, head
from bot.settings import load


def main(_arguments: argparse.Namespace) -> int:
    """Say what was done."""
    settings = load()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    done = bring_up_to_date(settings.sqlalchemy_url)
    said = {
        "current": "The database is up to date",
        "created": "The database was created",
        "adopted": "The existing tables were adopted and added to; no row was changed",
        "upgraded": "The database was upgraded",
    }
    sys.stdout.write(f"{said[done]} (revision {head()}).\n")
    return 0
