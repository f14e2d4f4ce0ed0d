"""What becomes of a text before it is a message: cleaned, trimmed, its commands and links found,
its length checked.
"""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.errors import bad_request
from bot.sandbox.html import Entity, parse_html
from bot.sandbox.utf16 import offsets, units

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_ENTITIES = 100

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028-\u202e]")
_NAME = "[a-zA-Z0-9_]"  # of a command; whatever letter follows, it is none
_FINDERS = (
    ("bot_command", re.compile(rf"(?<![\w/<>@.])/{_NAME}{{1,64}}(?:@{_NAME}{{3,32}})?(?![\w/<>])")),
    ("url", re.compile(r"(?<![\w@])https?://[^\s<>\"]*[\w/]")),
    ("mention", re.compile(r"(?<![\w/@.])@[A-Za-z][A-Za-z0-9_]{3,31}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w/#&])#\w*[^\W\d]\w*")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?!\w)")),
)  # fmt: skip
_OPAQUE = frozenset({"code", "pre", "text_link", "date_time", "custom_emoji", "text_mention"})


def find_entities(text: str, given: list[Entity]) -> list[Entity]:
    """`given` plus what Telegram finds by itself: commands, links, mentions, tags."""
    if not any(sign in text for sign in "/@#$:"):
        return given
    taken = [(e["offset"], e["offset"] + e["length"]) for e in given if e["type"] in _OPAQUE]
    found: list[Entity] = []
    for kind, pattern in _FINDERS:
        for match in pattern.finditer(text):
            start, end = offsets(text, [match.start(), match.end()])
            if all(end <= left or start >= right for left, right in taken):
                taken.append((start, end))
                found.append({"type": kind, "offset": start, "length": end - start})
    if not found:
        return given
    return sorted(given + found, key=lambda entity: (entity["offset"], -entity["length"]))


def _trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    stripped = text.strip()
    if len(stripped) == len(text):
        return text, entities
    shift = units(text[: len(text) - len(text.lstrip())])
    total = units(stripped)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - shift, 0)
        end = min(entity["offset"] + entity["length"] - shift, total)
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return stripped, kept


def _given_entities(value: Any, length: int) -> list[Entity]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise bad_request("can't parse MessageEntity: expected an Array")
    good = []
    for item in value:
        start, size = item.get("offset"), item.get("length")
        if not isinstance(start, int) or not isinstance(size, int) or not item.get("type"):
            raise bad_request("can't parse MessageEntity: wrong offset, length or type")
        if start >= 0 and size > 0 and start + size <= length:
            good.append(item)
    return sorted(good, key=lambda entity: (entity["offset"], -entity["length"]))


def formatted(
    source: str, parse_mode: str | None, entities: Any, limit: int
) -> tuple[str, list[Entity]]:
    """The text as it is shown, and its entities.

    Raises ApiError 400 for bad markup and for more than `limit` UTF-16 units after parsing.
    """
    source = source.replace("\r", "")
    if _CONTROL.search(source):
        source = _CONTROL.sub(" ", source)
    if parse_mode and parse_mode.lower() == "html":
        text, given = parse_html(source)
    elif parse_mode and parse_mode.lower() != "none":
        raise bad_request("unsupported parse_mode")
    else:
        text, given = source, _given_entities(entities, units(source))
    text, given = _trim(text, given)
    if units(text) > limit:
        raise bad_request(
            "message is too long" if limit == MAX_TEXT else "message caption is too long"
        )
    return text, find_entities(text, given)[:MAX_ENTITIES]
