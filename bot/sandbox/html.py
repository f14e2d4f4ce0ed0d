"""Telegram's HTML parse mode: a text with tags in, a plain text and its entities out.

The accepted tags and the refusals follow what Bot API servers answer, byte offsets included, so
that a bot that
escapes badly learns it here and not in front of its users.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.utf16 import units

Entity = dict[str, Any]

_KINDS = {
    "b": "bold", "strong": "bold",
    "i": "italic", "em": "italic",
    "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "span": "spoiler", "tg-spoiler": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji", "tg-time": "date_time",
}  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SPECIAL = re.compile(r"[<&]")
_REFERENCE = re.compile(r"&(?:#(\d{1,8})|#[xX]([0-9a-fA-F]{1,8})|([a-z]+));?")
_TAG_NAME = re.compile(r"</?([^\s>]*)")
_ATTRIBUTE = re.compile(r"\s*([^\s=>]+)(\s*=\s*)?")
_BARE_VALUE = re.compile(r"[A-Za-z0-9.\-]+")
_SPACE = re.compile(r"\s*")
_DATE_FORMAT = re.compile(r"r|w?[dD]?[tT]?")


@dataclass
class _Open:
    name: str
    attributes: dict[str, str]
    offset: int
    text_start: int


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.parts: list[str] = []
        self.length = 0
        self.stack: list[_Open] = []
        self.entities: list[Entity] = []

    def run(self) -> tuple[str, list[Entity]]:
        source = self.source
        while found := _SPECIAL.search(source, self.position):
            self.emit(source[self.position : found.start()])
            self.position = found.start()
            if source[self.position] == "&":
                self.reference()
            elif source.startswith("</", self.position):
                self.end_tag()
            else:
                self.start_tag()
        self.emit(source[self.position :])
        if self.stack:
            raise self.error(
                f'Can\'t find end tag corresponding to start tag "{self.stack[-1].name}"'
            )
        return "".join(self.parts), _tidy(self.entities)

    def emit(self, text: str) -> None:
        if text:
            self.parts.append(text)
            self.length += units(text)

    def error(self, reason: str, at: int | None = None) -> ApiError:
        if at is not None:
            offset = len(self.source[:at].encode("utf-8", "surrogatepass"))
            reason = f"{reason} at byte offset {offset}"
        return bad_request(f"can't parse entities: {reason}")

    def reference(self) -> None:
        decoded, self.position = _decode(self.source, self.position)
        self.emit(decoded)

    def start_tag(self) -> None:
        begin = self.position
        name, position = self.tag_name(begin, "start")
        if name not in _KINDS:
            raise self.error(f'Unsupported start tag "{name}"', begin)
        attributes, self.position = self.attributes(name, begin, position)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self.error('Tag "span" must have class "tg-spoiler"', begin)
        self.stack.append(_Open(name, attributes, self.length, len(self.parts)))

    def tag_name(self, begin: int, what: str) -> tuple[str, int]:
        found = _TAG_NAME.match(self.source, begin)
        if found is None or found.end() == len(self.source):
            raise self.error(f"Unclosed {what} tag", begin)
        return found[1].lower(), found.end()

    def attributes(self, name: str, begin: int, position: int) -> tuple[dict[str, str], int]:
        attributes: dict[str, str] = {}
        while True:
            position = self.skip_space(position)
            if position == len(self.source):
                raise self.error(f'Unclosed start tag "{name}"', begin)
            if self.source[position] == ">":
                return attributes, position + 1
            found = _ATTRIBUTE.match(self.source, position)
            if found is None:
                raise self.error(f'Empty attribute name in the tag "{name}"', begin)
            key, position = found[1].lower(), found.end()
            if found[2]:
                attributes[key], position = self.value(name, begin, position)
            elif (name, key) == ("blockquote", "expandable"):
                attributes[key] = ""
            else:
                raise self.error(
                    f'Expected equal sign in declaration of an attribute of the tag "{name}"', begin
                )

    def value(self, name: str, begin: int, position: int) -> tuple[str, int]:
        quote = self.source[position : position + 1]
        if quote not in ('"', "'"):
            found = _BARE_VALUE.match(self.source, position)
            if found is None:
                raise self.error(f'Unexpected end of name token in the tag "{name}"', begin)
            return found[0], found.end()
        end = self.source.find(quote, position + 1)
        if end < 0:
            raise self.error(f'Unclosed start tag "{name}"', begin)
        raw = self.source[position + 1 : end]
        return _REFERENCE.sub(lambda found: _decode(found[0], 0)[0], raw), end + 1

    def skip_space(self, position: int) -> int:
        found = _SPACE.match(self.source, position)
        return found.end() if found else position

    def end_tag(self) -> None:
        begin = self.position
        if not self.stack:
            raise self.error("Unexpected end tag", begin)
        name, position = self.tag_name(begin, "end")
        position = self.skip_space(position)
        if self.source[position : position + 1] != ">":
            raise self.error("Unclosed end tag", begin)
        tag = self.stack.pop()
        if name and name != tag.name:
            raise self.error(
                f'Unmatched end tag, expected "</{tag.name}>", found "</{name}>"', begin
            )
        self.position = position + 1
        if self.length > tag.offset:
            self.close(tag)

    def close(self, tag: _Open) -> None:
        entity: Entity = {
            "type": _KINDS[tag.name], "offset": tag.offset, "length": self.length - tag.offset
        }  # fmt: skip
        detail = _DETAILS.get(tag.name)
        if detail is None or detail(self, tag, entity):
            self.entities.append(entity)


def _link(parser: _Parser, tag: _Open, entity: Entity) -> bool:
    url = tag.attributes.get("href") or "".join(parser.parts[tag.text_start :])
    if not re.match(r"(?i)(https?|tg|ton)://\S+|[\w-]+(\.[\w-]+)+", url):
        return False
    entity["url"] = url if "://" in url else f"http://{url}/"
    return True


def _code(_parser: _Parser, tag: _Open, entity: Entity) -> bool:
    language = tag.attributes.get("class", "")
    if language.startswith("language-"):
        entity["language"] = language.removeprefix("language-")
    return True


def _pre(parser: _Parser, _tag: _Open, entity: Entity) -> bool:
    inner = parser.entities[-1] if parser.entities else None
    if inner and inner["type"] == "code":
        same = (inner["offset"], inner["length"]) == (entity["offset"], entity["length"])
        if same and "language" in inner:
            entity["language"] = inner["language"]
    return True


def _quote(_parser: _Parser, tag: _Open, entity: Entity) -> bool:
    if "expandable" in tag.attributes:
        entity["type"] = "expandable_blockquote"
    return True


def _emoji(_parser: _Parser, tag: _Open, entity: Entity) -> bool:
    entity["custom_emoji_id"] = tag.attributes.get("emoji-id", "")
    return bool(entity["custom_emoji_id"])


def _moment(parser: _Parser, tag: _Open, entity: Entity) -> bool:
    unix, form = tag.attributes.get("unix", ""), tag.attributes.get("format", "")
    if not re.fullmatch(r"-?\d{1,12}", unix) or not _DATE_FORMAT.fullmatch(form):
        raise parser.error('Tag "tg-time" must have a valid "unix" and "format"')
    entity["unix_time"] = int(unix)
    entity["date_time_format"] = form
    return True


_DETAILS = {
    "a": _link, "code": _code, "pre": _pre, "blockquote": _quote,
    "tg-emoji": _emoji, "tg-time": _moment,
}  # fmt: skip


def _decode(source: str, position: int) -> tuple[str, int]:
    found = _REFERENCE.match(source, position)
    if found is None:
        return "&", position + 1
    decimal, hexadecimal, name = found.groups()
    if name is not None:
        return (_NAMED[name], found.end()) if name in _NAMED else ("&", position + 1)
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if not 0 < code < 0x10FFFF or 0xD800 <= code < 0xE000:
        return "&", position + 1
    return chr(code), found.end()


def _tidy(entities: list[Entity]) -> list[Entity]:
    """In reading order; nothing survives inside code, and `code` on its own carries no language."""
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"], entity["type"] != "pre"))
    kept: list[Entity] = []
    solid_until = 0
    for entity in entities:
        if entity["offset"] < solid_until:
            continue
        if entity["type"] in ("code", "pre"):
            solid_until = entity["offset"] + entity["length"]
        if entity["type"] == "code":
            entity.pop("language", None)
        kept.append(entity)
    return kept


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The plain text and its entities (offsets in UTF-16 units).

    Raises ApiError 400 "can't parse entities: ..." with the byte offset, as Telegram does.
    """
    return _Parser(source).run()
