"""What a chat shows: notifications by their reference, and whether anything was said twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.support.sandbox_client import Message

_FOOTER = re.compile(r"^(?:Paper|모의투자) · .+ · (?:ref|번호) ([0-9A-Z]+)$")
_SIGNAL = re.compile(r"S\d+")


@dataclass(frozen=True, slots=True)
class Told:
    """One notification; several may share a message. `ref`: what it tells of."""

    message_id: int
    ref: str
    text: str

    @property
    def is_signal(self) -> bool:
        """Else it is of an order or a fill."""
        return _SIGNAL.fullmatch(self.ref) is not None


def spoken(entries: Iterable[Message]) -> list[Message]:
    """The bot's messages as they were sent, oldest first: edits left out."""
    first: dict[int, Message] = {}
    for entry in entries:
        if entry["from"] == "bot":
            first.setdefault(entry["message_id"], entry)
    return sorted(first.values(), key=lambda entry: int(entry["message_id"]))


def told(messages: Iterable[Message]) -> Iterator[Told]:
    """The notifications among sent messages."""
    for message in messages:
        for block in message["text"].split("\n\n"):
            found = _FOOTER.match(block.rpartition("\n")[2])
            if found:
                yield Told(message["message_id"], found[1], block)


def repeated(messages: Iterable[Message]) -> list[int]:
    """Ids of messages that tell something that an earlier one had told."""
    seen: set[str] = set()
    again: list[int] = []
    for message in messages:
        fresh = {each.text for each in told([message])}
        if fresh & seen:
            again.append(message["message_id"])
        seen |= fresh
    return again
