"""Width and height of a picture from its first bytes: a PhotoSize needs them, an imaging library is
not needed.
"""

from __future__ import annotations

import struct

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
# Start-of-frame markers; C4, C8 and CC share the range but are tables, not frames.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def picture_type(content: bytes) -> str | None:
    """`image/png`, `image/jpeg`, or None for anything else."""
    if content.startswith(_PNG):
        return "image/png"
    return "image/jpeg" if content.startswith(_JPEG) else None


def picture_size(content: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels of a PNG or JPEG, None when it is neither or its header is cut
    off.
    """
    if content.startswith(_PNG):
        return _png_size(content)
    return _jpeg_size(content) if content.startswith(_JPEG) else None


def _png_size(content: bytes) -> tuple[int, int] | None:
    if len(content) < 24 or content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return (width, height) if width and height else None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 9 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return (width, height) if width and height else None
        if marker == 0xFF:  # a fill byte
            position += 1
        else:
            position += 2 + struct.unpack(">H", content[position + 2 : position + 4])[0]
    return None
