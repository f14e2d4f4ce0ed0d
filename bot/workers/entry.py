"""What a worker process runs: a function named by string, so that the bot's own process never
imports it.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from typing import Any

from bot.workers.memory import keep_freed


def call(target: str, *args: Any) -> Any:
    """`target`: "module:function"."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)(*args)


def begin(memory_bytes: int | None) -> None:
    """At a worker's start. `memory_bytes`: what its data may take; beyond it there is a
    MemoryError, before the machine has to choose whom to kill.
    """
    if memory_bytes is not None:
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        least = memory_bytes if most == resource.RLIM_INFINITY else min(memory_bytes, most)
        resource.setrlimit(resource.RLIMIT_DATA, (least, most))
    keep_freed()
    end_with_parent()


def end_with_parent() -> None:
    """A worker whose bot was killed has nobody left to work for: it ends, too.

    Nothing else would tell it: it holds both ends of the pipe that its work comes through.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.join,), daemon=True).start()


def _follow(wait_for_parent: Callable[[], None]) -> None:
    wait_for_parent()
    os._exit(1)
