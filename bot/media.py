"""Texts that fit into messages, files that go with them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from telegram import InputMediaDocument, InputMediaPhoto
from telegram.constants import MessageLimit, ParseMode

from handlers.types import Action

_TAG = re.compile(r"<(/?)([a-z-]+)([^>]*)>")
_LONGEST_TAG = 200
_ROOM = MessageLimit.MAX_TEXT_LENGTH - 200
"""Left over: the tags that are closed and opened again at a cut."""


def parts(text: str) -> list[str]:
    """HTML cut on line boundaries into messages of at most 4,096 UTF-16 units, tags balanced in
    each.
    """
    if _length(text) <= MessageLimit.MAX_TEXT_LENGTH:
        return [text]
    found: list[str] = []
    current: list[str] = []
    size, open_tags = 0, ""
    for line in _lines(text):
        if current and size + _length(line) > _ROOM:
            piece, open_tags = _balanced(open_tags, "".join(current))
            found.append(piece)
            current, size = [], 0
        current.append(line)
        size += _length(line)
    found.append(_balanced(open_tags, "".join(current))[0])
    return [piece for piece in found if _TAG.sub("", piece).strip()] or [text[:1]]


def caption_of(text: str) -> str:
    """A caption of at most 1,024 units: whole lines, then an ellipsis."""
    limit = int(MessageLimit.CAPTION_LENGTH)
    if _length(_TAG.sub("", text)) <= limit:
        return text
    kept: list[str] = []
    for line in text.split("\n"):
        if _length(_TAG.sub("", "\n".join([*kept, line]))) > limit - 2:
            break
        kept.append(line)
    return _balanced("", "\n".join(kept))[0] + "\n…"


@contextmanager
def opened(base: Path, name: str | None) -> Iterator[BinaryIO]:
    """A file below `base`. Raises FileNotFoundError, also for a path that leads outside."""
    path = (base / str(name)).resolve()
    if not path.is_relative_to(base.resolve()):
        raise FileNotFoundError(name)
    with path.open("rb") as file:
        yield file


def media(
    file: BinaryIO, action: Action, mode: ParseMode | None = ParseMode.HTML
) -> InputMediaPhoto | InputMediaDocument:
    """What a photo card is changed into."""
    caption = caption_of(action.text)
    if action.filename and not action.filename.endswith((".png", ".jpg")):
        return InputMediaDocument(file, caption=caption, parse_mode=mode, filename=action.filename)
    return InputMediaPhoto(file, caption=caption, parse_mode=mode, filename=action.filename)


def bare(text: str) -> str:
    """HTML without its tags, as the reader would see it."""
    return html.unescape(_TAG.sub("", text))


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        rest = line
        while len(rest) > _ROOM // 2:
            end = _whole(rest, _ROOM // 2)
            yield rest[:end]
            rest = rest[end:]
        yield rest


def _whole(line: str, end: int) -> int:
    """Where to cut at or before `end` without cutting a tag or an entity in two."""
    for opening, closing in (("<", ">"), ("&", ";")):
        start = line.rfind(opening, max(0, end - _LONGEST_TAG), end)
        if start > 0 and closing not in line[start:end]:
            end = start
    return end


def _balanced(opening: str, text: str) -> tuple[str, str]:
    """(text after `opening` with every open tag closed, the tags to open again after it)."""
    whole = opening + text
    stack: list[tuple[str, str]] = []
    for closing, name, rest in _TAG.findall(whole):
        if not closing:
            stack.append((name, rest))
        elif stack and stack[-1][0] == name:
            stack.pop()
    ends = "".join(f"</{name}>" for name, _ in reversed(stack))
    return whole + ends, "".join(f"<{name}{rest}>" for name, rest in stack)
