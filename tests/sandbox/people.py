"""Short ways to be somebody, and pictures to send."""

from __future__ import annotations

import struct
import zlib
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.sandbox import actions
from bot.sandbox.world import ChatWorld

TOKEN = "7000000001:in-process-sandbox"


def speaks(world: ChatWorld, name: str, text: str = "/start") -> int:
    """The user writes; returns the chat's id."""
    actions.say(world, name, text)
    return world.people.user(name).id


def entries(world: ChatWorld, name: str) -> list[dict[str, Any]]:
    """Everything in the user's private chat."""
    return world.history.entries(world.people.user(name).id, 0)


def newest(world: ChatWorld, name: str) -> dict[str, Any]:
    return entries(world, name)[-1]


def one_button(label: str = "Go", data: str = "go", **more: Any) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=data, **more)]])


def png(width: int = 3, height: int = 2) -> bytes:
    """A real, black picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" * (width + 1) for _ in range(height)))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def jpeg(width: int, height: int) -> bytes:
    """The header of one: an application segment, then the frame."""
    segment = b"\xff\xe0" + struct.pack(">H", 4) + b"JF"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + segment + frame
