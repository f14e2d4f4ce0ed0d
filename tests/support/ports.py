"""Ports on this machine that nobody else gets while a test means them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_port() -> Iterator[int]:
    """One that the system hands to nobody for the length of the block. Nobody listens there either,
    unless a server is started on just this port (which shares an address, as asyncio's do).

    A free port that is only looked up may be another test process's by the time it is used.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        yield int(keeper.getsockname()[1])
