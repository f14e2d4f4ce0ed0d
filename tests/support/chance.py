"""Where tests that draw at random begin."""

from __future__ import annotations

import os
import random


def seed(variable: str) -> int:
    """What the environment says, to repeat a run; in CI always the same, so that it fails for a
    reason; else a new one each time.
    """
    if variable in os.environ:
        return int(os.environ[variable])
    return 1 if os.environ.get("CI") else random.randrange(10**6)  # noqa: S311
