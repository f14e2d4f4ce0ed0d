"""The strategies that ship with Leverframe: programs in the rule language, one file each.

A file begins with a block of comments that names it in each language:

    # name: EMA cross
    # name.ko: EMA 교차
    # about: One paragraph: what it bets on, and when it loses.
    # about.ko: ...
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

_FIELD = re.compile(r"#[ ]*(name|about)(?:\.([a-z]{2}))?:[ ]*(.*\S)")
_SUFFIX = ".rules"
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Builtin:
    """One shipped strategy. `slug`: its file; `names`, `abouts`: by language ("en", "ko")."""

    slug: str
    names: Mapping[str, str]
    abouts: Mapping[str, str]
    code: str

    @property
    def name(self) -> str:
        """The English name, under which its shared row is stored."""
        return self.names[DEFAULT_LANGUAGE]

    @property
    def description(self) -> str:
        """The English paragraph, stored with the row."""
        return self.abouts[DEFAULT_LANGUAGE]


def read_header(code: str) -> tuple[dict[str, str], dict[str, str]]:
    """(names, abouts) by language, from the comments above the first statement."""
    names: dict[str, str] = {}
    abouts: dict[str, str] = {}
    for line in code.splitlines():
        if not line.startswith("#"):
            break
        match = _FIELD.fullmatch(line.rstrip())
        if match:
            target = names if match.group(1) == "name" else abouts
            target[match.group(2) or DEFAULT_LANGUAGE] = match.group(3)
    return names, abouts


def load_builtins() -> tuple[Builtin, ...]:
    """Every shipped strategy, in the order of their slugs."""
    folder = resources.files("domain.strategies") / "builtin"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(_SUFFIX)),
        key=lambda file: file.name,
    )
    found = []
    for file in files:
        code = file.read_text(encoding="utf-8")
        names, abouts = read_header(code)
        found.append(Builtin(file.name.removesuffix(_SUFFIX), names, abouts, code))
    return tuple(found)


BUILTINS = load_builtins()


def find_builtin(wanted: str) -> Builtin | None:
    """The shipped strategy of this slug or name, in any language and case, if there is one."""
    word = wanted.strip().casefold()
    for builtin in BUILTINS:
        if word in {builtin.slug, *(name.casefold() for name in builtin.names.values())}:
            return builtin
    return None
