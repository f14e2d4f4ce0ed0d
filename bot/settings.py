"""The environment -> frozen settings. A wrong value is named, with what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.exchange_urls import ExchangeUrls, parse
from bot.venues import VenueName

PREFIX = "LEVERFRAME_"
TELEGRAM = "https://api.telegram.org"
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsError(Exception):
    """What is wrong with the environment, one line per setting, without any value that may be
    secret.
    """


class Settings(BaseSettings):
    """Every setting of every command; each is read from `LEVERFRAME_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    telegram_token: SecretStr | None = None
    telegram_api_url: str = TELEGRAM
    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    listen_host: str = "127.0.0.1"
    listen_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    database_url: SecretStr | None = None
    data_dir: Path = Path(".leverframe")
    secret_key: SecretStr | None = None
    secret_key_file: Path | None = None
    public_url: str | None = None
    registration: Literal["open", "invite", "closed"] = "invite"
    invites: Annotated[frozenset[str], NoDecode] = frozenset()
    admins: Annotated[frozenset[int], NoDecode] = frozenset()
    exchange: VenueName = "bitget"
    exchange_urls: Annotated[dict[str, ExchangeUrls], NoDecode] = Field(default_factory=dict)
    live_trading: bool = False
    stop_trigger: Literal["last", "mark"] = "last"
    market: str = "exchange"
    market_speed: Annotated[float, Field(gt=0, le=100_000)] = 1.0
    market_seed: int = 7
    user_rate: Annotated[float, Field(gt=0)] = 5.0
    user_burst: Annotated[int, Field(ge=1)] = 60
    send_rate: Annotated[float, Field(gt=0)] = 30.0
    chat_rate: Annotated[float, Field(gt=0)] = 1.0
    chat_burst: Annotated[int, Field(ge=1)] = 20
    send_patience_s: Annotated[float, Field(ge=0)] = 0.25
    worker_memory_mb: Annotated[int, Field(ge=512)] = 2048
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    @field_validator("telegram_api_url", "webhook_url", "public_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")) or len(value) < 10:
            raise ValueError("must be a URL that starts with http:// or https://")
        return value.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _is_safe(cls, value: str | None) -> str | None:
        """Keys are entered there."""
        if value is None or value.startswith("https://"):
            return value
        if urlsplit(value).hostname in _HERE:
            return value
        raise ValueError("must start with https://, except on this machine itself")

    @field_validator("invites", "admins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            [part.strip() for part in value.split(",") if part.strip()]
            if isinstance(value, str)
            else value
        )

    @field_validator("exchange_urls", mode="before")
    @classmethod
    def _read_urls(cls, value: Any) -> Any:
        return parse(value)

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(
            ("sqlite://", "sqlite+aiosqlite://", "postgresql://", "postgresql+psycopg://")
        ):
            raise ValueError("must start with sqlite:// or postgresql://")
        return value

    @field_validator("market")
    @classmethod
    def _is_market(cls, value: str) -> str:
        if value in {"exchange", "simulated"} or (
            value.startswith("file:") and len(value) > len("file:")
        ):
            return value
        raise ValueError("must be exchange, simulated, or file:PATH[,PATH]")

    @field_validator("secret_key")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and any(len(key) != 44 for key in value.get_secret_value().split(",")):
            raise ValueError(
                "must be Fernet keys (44 characters each), newest first, separated by commas"
            )
        return value

    @model_validator(mode="after")
    def _webhook_has_secret(self) -> Settings:
        if self.webhook_url and not self.webhook_secret:
            raise ValueError("LEVERFRAME_WEBHOOK_SECRET is needed with LEVERFRAME_WEBHOOK_URL")
        return self

    @model_validator(mode="after")
    def _one_key_source(self) -> Settings:
        if self.secret_key is not None and self.secret_key_file is not None:
            raise ValueError(
                "set LEVERFRAME_SECRET_KEY or LEVERFRAME_SECRET_KEY_FILE, not both of them"
            )
        if self.secret_key_file is not None and not self.secret_key_file.is_file():
            raise ValueError("LEVERFRAME_SECRET_KEY_FILE: there is no such file")
        return self

    @property
    def exchange_address(self) -> ExchangeUrls | None:
        """Where the exchange is, None = where everybody knows it."""
        return self.exchange_urls.get(self.exchange)

    @property
    def exchange_is_loopback(self) -> bool:
        """Whether the exchange is an emulator on this machine: live orders move no money."""
        return self.exchange_address is not None and self.exchange_address.is_loopback

    @property
    def prices(self) -> Literal["real", "simulated", "replayed"]:
        """What is traded on paper: an emulator on this machine makes its prices up, too."""
        if self.market == "exchange":
            return "simulated" if self.exchange_is_loopback else "real"
        return "simulated" if self.market == "simulated" else "replayed"

    @property
    def may_go_live(self) -> bool:
        """With real money only where the operator says so, and never from a chat page on this
        machine, where nobody has signed in.
        """
        host = urlsplit(self.telegram_api_url).hostname or ""
        return self.exchange_is_loopback or (self.live_trading and host not in _HERE)

    @property
    def is_embedded(self) -> bool:
        """The database is a private SQLite file: migrated on start."""
        return self.sqlalchemy_url.startswith("sqlite")

    @property
    def sqlalchemy_url(self) -> str:
        """The URL with the async driver in it; a SQLite file below `data_dir` by default."""
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{self.data_dir / 'leverframe.db'}"
        url = self.database_url.get_secret_value()
        for plain, driver in (
            ("sqlite://", "sqlite+aiosqlite://"),
            ("postgresql://", "postgresql+psycopg://"),
        ):
            if url.startswith(plain):
                return driver + url.removeprefix(plain)
        return url

    @property
    def market_files(self) -> tuple[Path, ...]:
        """The candle files of `file:PATH[,PATH]`."""
        if not self.market.startswith("file:"):
            return ()
        return tuple(Path(part) for part in self.market.removeprefix("file:").split(",") if part)


def load(**overrides: Any) -> Settings:
    """Read the environment; `overrides` win. Raises SettingsError."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("\n".join(_line(problem) for problem in error.errors())) from None


def _line(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    said = problem["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{name.upper()}: {said}" if name else said
