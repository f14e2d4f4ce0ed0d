"""What a worker process runs: a function named by string, so that the bot's own process never imports it."""

from __future__ import annotations

import importlib
from typing import Any


def call(target: str, *args: Any) -> Any:
    """`target`: "module:function"."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)(*args)
