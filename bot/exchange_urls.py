"""Where an exchange is, when it is not where everybody knows it: an emulator, another server."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator, model_validator

EXAMPLE = '{"bitget": {"rest": "http://127.0.0.1:8082", "ws": "ws://127.0.0.1:8082"}}'


class ExchangeUrls(BaseModel):
    """`rest`, `ws`: scheme and host, the exchange's own paths follow; `ws` None = no websocket.

    One URL alone is `rest`, a list of two is `rest` and `ws`; both have a longer name, too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    rest: str = Field(validation_alias=AliasChoices("rest", "base_url"))
    ws: str | None = Field(None, validation_alias=AliasChoices("ws", "websocket_url"))

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"rest": value}
        if isinstance(value, list) and len(value) == len(cls.model_fields):
            return dict(zip(cls.model_fields, value, strict=True))
        return value

    @field_validator("rest")
    @classmethod
    def _is_rest(cls, value: str) -> str:
        return _checked(value, "http", "https")

    @field_validator("ws")
    @classmethod
    def _is_ws(cls, value: str | None) -> str | None:
        return None if value is None else _checked(value, "ws", "wss")

    @property
    def is_loopback(self) -> bool:
        """Whether nothing leaves this machine."""
        return all(_stays_here(url) for url in (self.rest, self.ws) if url is not None)


def parse(value: Any) -> Any:
    """JSON text -> what pydantic reads. Raises ValueError for what is no JSON object."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"must be JSON such as {EXAMPLE}")
    return found


def _checked(value: str, *schemes: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"must be a URL that starts with {schemes[0]}:// or {schemes[1]}://")
    return value.rstrip("/")


def _stays_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
