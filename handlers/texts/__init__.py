"""Every sentence the bot says, by language. Values are escaped here and nowhere else.

A sentence's markup is ours; a value is escaped unless it is `Html`, which only this package and
`handlers.render` make. Formats know `{name}` and nothing more: no value can reach into an object.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from pathlib import Path

from babel.messages.pofile import read_po

from handlers.texts.particles import EITHER, particle

LANGUAGES = ("en", "ko")
DEFAULT_LANGUAGE = "en"
_HOME_ZONE = {"ko": "Asia/Seoul"}
_PLACE = re.compile(rf"\{{(\w+)\}}(?:((?:</?\w+>|[”%)])*)({EITHER}))?")
_COUNTS = frozenset(
    {"n", "count", "trades", "bars", "paths", "profitable", "good", "missing", "longest", "stamps"}
)
"""Values that count: 5352 is written 5,352. Other whole numbers may be names, as a result's is."""
_TAG = re.compile(r"<[^<>]*>")


class Html(str):
    """Text that already is markup: it is not escaped again."""

    __slots__ = ()

    @staticmethod
    def join_lines(*parts: str | None) -> Html:
        """Lines of markup; None leaves a line out, "" is an empty line."""
        return Html("\n".join(markup(part) for part in parts if part is not None))


def markup(value: object) -> Html:
    """Any value as markup: escaped, unless it is markup already."""
    return value if isinstance(value, Html) else Html(escape(str(value), quote=False))


def plain(text: str) -> str:
    """Markup without its tags and entities: for buttons, toasts and menus."""
    return unescape(_TAG.sub("", text)) if isinstance(text, Html) else text


@dataclass(frozen=True, slots=True)
class Translator:
    """Speaks one language: `t("trades.none")`. `tz` is the reader's IANA time zone."""

    lang: str = DEFAULT_LANGUAGE
    tz: str = "UTC"

    def __call__(self, key: str, **values: object) -> Html:
        """The sentence with its values; one with plural forms takes the form for `n`.

        Raises LookupError for a key or a value that is missing: a mistake in the program.
        """
        forms = _texts(self.lang).get(key)
        if forms is None:
            raise LookupError(f"no text {key!r} in {self.lang}")
        form = forms[0] if len(forms) == 1 or values.get("n") in (1, "1") else forms[1]

        def fill(match: re.Match[str]) -> str:
            if match[1] not in values:
                raise LookupError(f"text {key!r} needs a value for {match[1]!r}")
            said = _said(match[1], values[match[1]])
            if match[3] is None:
                return said
            return said + match[2] + particle(match[3], plain(Html(said + match[2])))

        return Html(_PLACE.sub(fill, form))

    def knows(self, key: str) -> bool:
        """Whether there is a sentence for a key that was put together from a code."""
        return key in _texts(self.lang)


def language_of(code: str) -> str:
    """Telegram's language code ("ko", "ko-KR", "pt-br", "") -> a language we speak."""
    language = code.lower().replace("_", "-").partition("-")[0]
    return language if language in LANGUAGES else DEFAULT_LANGUAGE


def home_zone(language: str) -> str:
    """The time zone to begin with: Telegram does not tell it."""
    return _HOME_ZONE.get(language, "UTC")


def _said(name: str, value: object) -> Html:
    if name in _COUNTS and isinstance(value, int) and not isinstance(value, bool):
        return Html(f"{value:,}")
    return markup(value)


@cache
def _texts(language: str) -> dict[str, tuple[str, ...]]:
    """Key -> its forms, of one language; read once."""
    if language not in LANGUAGES:
        raise LookupError(f"no texts in {language!r}")
    with (Path(__file__).parent / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    texts: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        key = message.id if isinstance(message.id, str) else message.id[0]
        said = message.string or ()
        forms = (said,) if isinstance(said, str) else tuple(said)
        if key:
            texts[key] = forms
    return texts
