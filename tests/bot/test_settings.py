"""The environment is read once, and a wrong value is named with what is allowed."""

from __future__ import annotations

import pytest

from bot.settings import SettingsError, load


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TELEGRAM_TOKEN", "DATABASE_URL", "MARKET", "REGISTRATION"):
        monkeypatch.delenv(f"LEVERFRAME_{name}", raising=False)


def test_nothing_set_means_an_embedded_database_below_the_data_directory() -> None:
    settings = load(data_dir="somewhere")
    assert settings.is_embedded
    assert settings.sqlalchemy_url == "sqlite+aiosqlite:///somewhere/leverframe.db"


def test_plain_database_addresses_get_their_async_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEVERFRAME_DATABASE_URL", "postgresql://trader@db/leverframe")
    settings = load()
    assert settings.sqlalchemy_url == "postgresql+psycopg://trader@db/leverframe"
    assert not settings.is_embedded


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("MARKET", "moon", "exchange, simulated, or file:"),
        ("MARKET", "file:", "exchange, simulated, or file:"),
        ("REGISTRATION", "maybe", "'open', 'invite' or 'closed'"),
        ("MARKET_SPEED", "0", "greater than 0"),
        ("TELEGRAM_API_URL", "telegram.org", "http://"),
        ("DATABASE_URL", "mysql://db", "sqlite:// or postgresql://"),
        ("SECRET_KEY", "hunter2", "Fernet keys"),
        ("LISTEN_PORT", "http", "integer"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(f"LEVERFRAME_{name}", value)
    with pytest.raises(SettingsError) as refused:
        load()
    assert f"LEVERFRAME_{name}" in str(refused.value)
    assert allowed in str(refused.value)


def test_a_secret_that_does_not_fit_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEVERFRAME_SECRET_KEY", "my-very-secret-words")
    with pytest.raises(SettingsError) as refused:
        load()
    assert "my-very-secret-words" not in str(refused.value)


def test_a_webhook_without_a_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEVERFRAME_WEBHOOK_URL", "https://bot.example")
    with pytest.raises(SettingsError, match="LEVERFRAME_WEBHOOK_SECRET"):
        load()


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEVERFRAME_ADMINS", "7, 8")
    monkeypatch.setenv("LEVERFRAME_INVITES", "apple,pear,")
    settings = load()
    assert settings.admins == {7, 8}
    assert settings.invites == {"apple", "pear"}


def test_candle_files_are_listed() -> None:
    assert [p.name for p in load(market="file:a/x.csv,b/y.parquet").market_files] == [
        "x.csv",
        "y.parquet",
    ]
    assert load(market="simulated").market_files == ()


EMULATOR = '{"bitget": {"rest": "http://127.0.0.1:8082/", "ws": "ws://[::1]:8082"}}'


def test_an_exchange_can_be_somewhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().exchange_address is None
    monkeypatch.setenv("LEVERFRAME_EXCHANGE_URLS", EMULATOR)
    address = load().exchange_address
    assert address is not None
    assert (address.rest, address.ws) == ("http://127.0.0.1:8082", "ws://[::1]:8082")


@pytest.mark.parametrize(
    ("urls", "loopback"),
    [
        ("", False),
        (EMULATOR, True),
        ('{"bitget": {"rest": "http://localhost:1"}}', True),
        ('{"bitget": {"rest": "https://api.example"}}', False),
        ('{"bitget": {"rest": "http://localhost:1", "ws": "wss://ws.example"}}', False),
        ('{"binance": {"rest": "http://localhost:1"}}', False),
        ('{"bitget": {"rest": "http://127.0.0.1.example"}}', False),
    ],
)
def test_only_an_exchange_on_this_machine_is_taken_for_an_emulator(
    monkeypatch: pytest.MonkeyPatch, urls: str, loopback: bool
) -> None:
    monkeypatch.setenv("LEVERFRAME_EXCHANGE_URLS", urls)
    assert load().exchange_is_loopback is loopback


@pytest.mark.parametrize(
    ("urls", "ws"),
    [
        ('{"bitget": "http://127.0.0.1:1/"}', None),
        ('{"bitget": ["http://127.0.0.1:1", "ws://127.0.0.1:2"]}', "ws://127.0.0.1:2"),
        ('{"bitget": ["http://127.0.0.1:1", null]}', None),
        (
            '{"bitget": {"base_url": "http://127.0.0.1:1", "websocket_url": "ws://127.0.0.1:2"}}',
            "ws://127.0.0.1:2",
        ),
    ],
)
def test_an_address_of_an_exchange_is_written_in_one_of_several_ways(
    monkeypatch: pytest.MonkeyPatch, urls: str, ws: str | None
) -> None:
    monkeypatch.setenv("LEVERFRAME_EXCHANGE_URLS", urls)
    address = load().exchange_address
    assert address is not None
    assert (address.rest, address.ws) == ("http://127.0.0.1:1", ws)


@pytest.mark.parametrize(
    ("urls", "allowed"),
    [
        ("http://127.0.0.1", "must be JSON such as"),
        ('{"bitget": ["http://a", "ws://a", "ws://b"]}', "dictionary"),
        ('{"bitget": 1}', "dictionary"),
        ('{"bitget": "127.0.0.1"}', "http:// or https://"),
        ("[]", "must be JSON such as"),
        ('{"bitget": {"rest": "127.0.0.1"}}', "http:// or https://"),
        ('{"bitget": {"rest": "http://a", "ws": "http://a"}}', "ws:// or wss://"),
        ('{"bitget": {"ws": "ws://a"}}', "required"),
        ('{"bitget": {"rest": "http://a", "port": 1}}', "not permitted"),
    ],
)
def test_a_wrong_address_of_an_exchange_is_named(
    monkeypatch: pytest.MonkeyPatch, urls: str, allowed: str
) -> None:
    monkeypatch.setenv("LEVERFRAME_EXCHANGE_URLS", urls)
    with pytest.raises(SettingsError, match="LEVERFRAME_EXCHANGE_URLS") as refused:
        load()
    assert allowed in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "may"),
    [
        ({}, False),
        ({"LIVE_TRADING": "true"}, True),
        ({"LIVE_TRADING": "true", "TELEGRAM_API_URL": "http://127.0.0.1:8081"}, False),
        ({"EXCHANGE_URLS": '{"bitget": {"rest": "http://127.0.0.1:8082"}}'}, True),
        (
            {"LIVE_TRADING": "true", "EXCHANGE_URLS": '{"bitget": {"rest": "https://x.example"}}'},
            True,
        ),
    ],
    ids=["by default", "asked for", "from the sandbox", "at an emulator", "elsewhere"],
)
def test_real_money_only_where_the_operator_says_so(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], may: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"LEVERFRAME_{name}", value)
    assert load().may_go_live is may


@pytest.mark.parametrize(
    ("environment", "prices"),
    [
        ({}, "real"),
        ({"EXCHANGE_URLS": '{"bitget": "http://127.0.0.1:1"}'}, "simulated"),
        ({"MARKET": "simulated"}, "simulated"),
        ({"MARKET": "file:/data/BTCUSDT.csv"}, "replayed"),
    ],
)
def test_only_an_exchanges_own_prices_are_real(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], prices: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"LEVERFRAME_{name}", value)
    assert load().prices == prices
