"""Updates that no honest client sends, and honest ones with something absurd inside. Seeded."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from handlers.routes import ROUTES

Json = Any

WORDS = (
    "-1", "0", "-0", "+5", "1e308", "1e-400", "1e5", "nan", "NaN", "inf", "-inf", "Infinity",
    "9" * 50, "9" * 500, "0x10", "0b1", "1_000", "1,000,000", "½", "²", "٣", "１２", "1.2.3",
    "1..2", "..", "2017..2016", "9999-12", "0000", "2017-13-99", "99999d", "0d", "999y", "0m",
    "99h", "set", "설정", "=", "==", "max_leverage", "max_leverage=", "=5", "leverage 배",
    "일일손실", "최대 레버리지 삼십배", "위험 -5%", "익절", "손절 0", "무한", "btc", "BTCUSDT",
    "BTCUSDT,BTCUSDT", "ETHUSDT", "DOGEUSDT", "USDT", "$", "#", "#1", "#-1", "#²", "1m", "15m",
    "15M", "７m", "donchian", "ema_cross", "rsi", "전략", "' OR 1=1 --", "; DROP TABLE users",
    "../../etc/passwd", "<b>", "</b>", "<a href='x'>", "<script>", "&lt;", "&#0;", "{0}",
    "{name}", "{t.x}", "%s", "%(name)s", "$(reboot)", "`id`", "\\", "\x01", "\x7f", "\ud800",
    "\udfff\ud800", "\u202e", "\u200b", "\ufeff", "\x00", "🦄" * 30, "👩‍👩‍👧‍👦", "क्षि", "ﷺ",
    "İ", "ß" * 40, "가" * 300, "a" * 5_000, "Europe/Seoul", "Asia/Seoul/../UTC", "UTC+9",
    "/etc/localtime", "ko", "KO", "xx", "한국어",
)  # fmt: skip
"""Arguments. What a reply repeats of them is taken out before the reply is judged."""

_COMMANDS = (
    *(route.name for route in ROUTES), *(alias for route in ROUTES for alias in route.aliases),
    "panic", "close", "kill", "admin", "keys", "nothing", "", "시작", "START", "risk@other_bot",
)  # fmt: skip
_CHAT_TYPES = ("group", "supergroup", "channel", "sender", "secret", "", "PRIVATE", 5, None)
_OTHER_KINDS = (
    "edited_message", "channel_post", "inline_query", "my_chat_member", "poll", "shipping_query",
    "message_reaction", "business_message", "pre_checkout_query", "chat_join_request", "unheard_of",
)  # fmt: skip
_IDS: tuple[Json, ...] = (
    -1, 0, 1, -(2**31), 2**31, 2**53, 2**62, 2**63, -(2**63), 2**64, 2**70, 10**40, 1.0, 1.5,
    float("inf"), float("nan"), True, False, None, "5", "", [], {},
)  # fmt: skip
_NAMES = (
    "",
    " ",
    "\u202eevil",
    "<b>bold</b>",
    "{0}",
    "\ud83d",
    "n" * 256,
    "n" * 257,
    "\n\n",
    "홍길동",
)


@dataclass
class Garbage:
    """`mine`: chat id of whoever sends it. `theirs`: buttons of other people. `own`: buttons that
    he was shown. Nothing is ever sent in another person's name: Telegram vouches for the sender.
    """

    chance: random.Random
    mine: int
    theirs: Sequence[str]
    strangers: Sequence[int]
    own: list[tuple[int, str]] = field(default_factory=list)
    next_id: int = 5_000_000

    def update(self) -> Json:
        """The next one."""
        makers: tuple[tuple[Callable[[], Json], int], ...] = (
            (self._absurd_command, 30),
            (self._own_button, 14),
            (self._forged_button, 10),
            (self._others_button, 8),
            (self._twisted, 16),
            (self._huge, 3),
            (self._deep, 2),
            (self._elsewhere, 7),
            (self._other_kind, 4),
            (self._document, 4),
            (self._rubbish, 6),
            (self._twice, 4),
        )
        chosen = self.chance.choices(
            [maker for maker, _ in makers], [weight for _, weight in makers]
        )
        return chosen[0]()

    def message(self, text: str, /, **changes: Json) -> Json:
        """An honest message with these changes."""
        body = {
            "message_id": self.chance.randrange(1, 10**6),
            "date": 1_767_225_600,
            "chat": {"id": self.mine, "type": "private", "first_name": "M"},
            "from": self._sender(),
            "text": text,
        }
        return self._numbered({"message": body | changes})

    def tap(self, data: Json, message_id: Json = 1, /, **changes: Json) -> Json:
        """An honest tap with these changes."""
        shown = {
            "message_id": message_id,
            "date": 1_767_225_600,
            "chat": {"id": self.mine, "type": "private"},
        }
        body = {
            "id": str(self.chance.randrange(10**18)),
            "from": self._sender(),
            "message": shown,
            "chat_instance": "1",
            "data": data,
        }
        return self._numbered({"callback_query": body | changes})

    def _sender(self) -> Json:
        language = self.chance.choice(["en", "ko", "ko-KR", "xx", "", "e" * 35])
        name = self.chance.choice([*_NAMES[:-3], "Mallory"])
        return {"id": self.mine, "is_bot": False, "first_name": name, "language_code": language}

    def _numbered(self, content: dict[str, Json]) -> Json:
        self.next_id += 1
        return {"update_id": self.next_id, **content}

    def _words(self, most: int = 5) -> str:
        return " ".join(self.chance.choice(WORDS) for _ in range(self.chance.randrange(most)))

    def _absurd_command(self) -> Json:
        command = self.chance.choice(_COMMANDS)
        mark = self.chance.choice(["/", "/", "/", "/", "//", "/ ", ""])
        gap = self.chance.choice([" ", " ", "\n", "\t", "\u3000"])
        return self.message(f"{mark}{command}{gap}{self._words()}")

    def _own_button(self) -> Json:
        """Any button he was ever shown, in any order: used up, expired and current ones."""
        if not self.own:
            return self._absurd_command()
        late = self.own[-12:] if self.chance.random() < 0.7 else self.own
        message_id, data = self.chance.choice(late)
        return self.tap(data, message_id)

    def _forged_button(self) -> Json:
        letters = (
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.,:; \u00e9한\x00"
        )
        length = self.chance.choice([0, 1, 2, 20, 33, 43, 63, 64, 65, 500])
        forged = "".join(self.chance.choice(letters) for _ in range(length))
        prefix = self.chance.choice(["s", "a", "u", "S", "", "{", "\ud800"])
        if self.own and self.chance.random() < 0.4:
            data = list(self.chance.choice(self.own)[1])
            data[self.chance.randrange(len(data))] = self.chance.choice(letters)
            return self.tap("".join(data), self.chance.randrange(50))
        return self.tap((prefix + forged)[: max(length, 1)])

    def _others_button(self) -> Json:
        """Another person's button, from his own chat or as if from theirs."""
        data = self.chance.choice(self.theirs)
        query = self.tap(data, self.chance.randrange(1, 60))
        if self.chance.random() < 0.5:
            chat = {"id": self.chance.choice(self.strangers), "type": "private"}
            query["callback_query"]["message"]["chat"] = chat
        return query

    def _twisted(self) -> Json:
        """An honest update with one value of the wrong kind, or without it."""
        update = self.message("/risk set max_leverage 3")
        if self.chance.random() < 0.4:
            update = self.tap(self.own[-1][1] if self.own else "sAAAA")
        holder: Json = update
        while True:
            name = self.chance.choice(list(holder))
            if isinstance(holder[name], dict) and holder[name] and self.chance.random() < 0.75:
                holder = holder[name]
                continue
            break
        if self.chance.random() < 0.2:
            del holder[name]
        else:
            holder[name] = self.chance.choice([self._junk(), self.chance.choice(_IDS)])
        return self._in_his_name(update)

    def _in_his_name(self, update: Json) -> Json:
        """Junk must not hit another person's number by accident."""
        for kind in ("message", "callback_query"):
            body = update.get(kind) if isinstance(update, dict) else None
            sender = body.get("from") if isinstance(body, dict) else None
            if isinstance(sender, dict) and sender.get("id") in self.strangers:
                sender["id"] = self.mine
        return update

    def _huge(self) -> Json:
        length = self.chance.choice([4_096, 4_097, 19_999, 20_000, 20_001, 300_000])
        text = self.chance.choice(["a", "한", "🦄", "/risk ", "/", " ", "\n", "<b>", "&"])
        return self.message((self.chance.choice(["", "/backtest "]) + text * length)[:length])

    def _deep(self) -> Json:
        nested: Json = "bottom"
        for _ in range(self.chance.choice([50, 300, 600])):
            nested = [nested] if self.chance.random() < 0.5 else {"message": nested}
        place = self.chance.choice(["text", "from", "chat", "entities", "document", "reply_markup"])
        return self.message("/status", **{place: nested})

    def _elsewhere(self) -> Json:
        kind = self.chance.choice(_CHAT_TYPES)
        chat = {"id": self.chance.choice([-100_123, -5, self.mine]), "type": kind, "title": "G"}
        if self.chance.random() < 0.3:
            shown = {"message_id": 3, "chat": chat}
            return self.tap(self.chance.choice([*self.theirs, "sx"]), message=shown)
        return self.message(f"/{self.chance.choice(_COMMANDS)} {self._words(3)}", chat=chat)

    def _other_kind(self) -> Json:
        kind = self.chance.choice(_OTHER_KINDS)
        return self._numbered({kind: self.chance.choice([{}, self._junk(), {"id": self.mine}])})

    def _document(self) -> Json:
        about = {
            "file_id": self.chance.choice(["BQAD", "", "x" * 257, 5, None, "../../a"]),
            "file_name": self.chance.choice(["a.rules", "\x00", "../../../x", 7, None, "🦄" * 200]),
            "file_size": self.chance.choice([1, 0, -1, 10**30, "1", None, True]),
        }
        body = self.message("", document=self.chance.choice([about, self._junk()]))
        if self.chance.random() < 0.7:
            del body["message"]["text"]
            body["message"]["caption"] = self.chance.choice(["/backtest btc", self._words(), 5])
        return body

    def _rubbish(self) -> Json:
        return self.chance.choice([self._junk(), self._numbered({self._word(): self._junk()}), {}])

    def _twice(self) -> Json:
        """A number that was there before, with something else."""
        update = self._absurd_command()
        update["update_id"] = self.chance.choice([self.next_id - 5, self.next_id - 1, *_IDS])
        return update

    def _word(self) -> str:
        return self.chance.choice([*WORDS, "message", "callback_query", "id", "chat", "from"])

    def _junk(self, depth: int = 3) -> Json:
        kind = self.chance.randrange(8 if depth else 6)
        if kind < 3:
            return self.chance.choice(_IDS)
        if kind < 6:
            return self._word()
        items = [self._junk(depth - 1) for _ in range(self.chance.randrange(5))]
        return items if kind == 6 else {self._word(): item for item in items}
