"""Parameters of a call: over the wire everything may be text, and what is nested may be JSON in a
text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.errors import bad_request
from bot.sandbox.files import UploadedFile


@dataclass
class Params:
    """Typed access to a call's parameters; a wrong type is a 400."""

    values: dict[str, Any]
    files: dict[str, UploadedFile] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else json.dumps(value)

    def maybe_text(self, name: str) -> str | None:
        """None when it was not given."""
        return self.text(name) if self.values.get(name) is not None else None

    def integer(self, name: str, default: int = 0) -> int:
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            raise bad_request(f'parameter "{name}" must be an Integer') from None

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        return value is True or (isinstance(value, str) and value.lower() in ("true", "1"))

    def nested(self, name: str) -> Any:
        """An object or a list, given as itself or as JSON text; None when not given."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise bad_request(f"can't parse {name}: not valid JSON") from None

    def record(self) -> dict[str, Any]:
        """For the log of calls: nested JSON opened, files described."""
        opened = {name: _opened(value) for name, value in self.values.items()}
        return opened | {name: file.described() for name, file in self.files.items()}


def _opened(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
