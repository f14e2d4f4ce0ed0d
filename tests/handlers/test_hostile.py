"""Whatever is typed behind any command, the answer is a sentence."""

from __future__ import annotations

import random
import re

from handlers.routes import ROUTES
from tests.support.world import Person, World

PIECES = (
    *("btc", "15m", "set", "max_leverage", "5", "-1", "1e400", "nan", "<b>", "</pre>", "{x}"),
    *("{0.__class__}", "%s", "'; drop table users; --", "🟢", "한글", "\u202e", "x" * 500, "#1"),
    *("2017-99", "..", "0d", "=", ",", "/", "@", "day", "donchian", "ema", "٣", "²", "1_000"),
    *("\\", "&amp;", "&#0;", "ko", "seoul", "../.."),
)
KEY = re.compile(r"\b(error|button|help|usage|rule|denial|setting|status|mode)\.[a-z_]+\b")


async def says_something_sensible(person: Person, text: str) -> None:
    said = await person.sends(text)
    assert said.strip(), text
    assert not KEY.search(said), (text, said)
    assert "Traceback" not in said
    assert "went wrong on my side" not in said, text


async def test_no_arguments_bring_a_command_down(w: World) -> None:
    choose = random.Random(7)  # noqa: S311
    people = [await w.trader("alice"), await w.trader("민수", "ko"), w.person("stranger")]
    for route in ROUTES:
        for person in people:
            for _ in range(2):
                words = " ".join(choose.choices(PIECES, k=choose.randint(0, 5)))
                w.wall.advance(30)
                await says_something_sensible(person, f"/{route.name} {words}")
