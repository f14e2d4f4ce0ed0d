"""One at a time, replies before notifications."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field


@dataclass
class Slot:
    """Held by one task at a time; among those who wait, the urgent ones come first, then the order
    of asking counts.
    """

    _held: bool = False
    _urgent: deque[asyncio.Future[None]] = field(default_factory=deque)
    _patient: deque[asyncio.Future[None]] = field(default_factory=deque)

    async def acquire(self, *, urgent: bool) -> None:
        """Wait for the slot."""
        if not self._held:
            self._held = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._urgent if urgent else self._patient).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was ours already: pass it on
                self.release()
            raise

    def release(self) -> None:
        """Hand the slot to the next one."""
        for queue in (self._urgent, self._patient):
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._held = False
