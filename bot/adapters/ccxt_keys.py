"""`KeyInspector` for Bitget: what a key may do, of what kind its account is. Reads only.

Imported by name, when the first key is to be checked: ccxt costs 100 MiB.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.adapters.ccxt_exchange import ExchangeSession, open_session, public_exchange, translated
from domain.clock import MarketClock
from domain.errors import DomainError
from domain.keys.ports import MANAGE, READ, TRADE, TRANSFER, WITHDRAW, Credentials, KeyFacts

_IS_CLASSIC = "40084"
_CODES = {
    **dict.fromkeys(("40006", "40009", "40011", "40012", "40037"), "key_wrong"),
    "40018": "key_ip",
    "40099": "key_demo",
}
_RIGHTS = {
    # classic: https://www.bitget.com/api-doc/spot/account/Get-Account-Info
    **dict.fromkeys(("readonly", "coor", "cpor", "stor", "smor", "ttor", "wtor"), READ),
    **dict.fromkeys(("taxr", "chor", "p2pr"), READ),
    "coow": TRADE,
    "wwow": WITHDRAW,
    **dict.fromkeys(("wtow", "p2p", "chow"), TRANSFER),  # sub-accounts and P2P move money, too
    # unified: https://www.bitget.com/api-doc/uta/account/Get-Account-Info
    "uta_trade": TRADE,
    "uta_mgt": MANAGE,
    "withdraw": WITHDRAW,
}
"""Bitget's words -> ours. What is not here is shown as it is, and its owner has to accept it."""
_MODES = {"one_way_mode": "one_way", "hedge_mode": "hedge"}


class BitgetKeys:
    """One session for all keys; a client for as long as one of them is looked at."""

    def __init__(self, clock: MarketClock, base_url: str | None = None) -> None:
        self._clock = clock
        self._base_url = base_url
        self._session: ExchangeSession | None = None

    async def inspect(self, credentials: Credentials) -> KeyFacts:
        self._session = self._session or open_session()
        client = public_exchange(self._session, self._clock, base_url=self._base_url)
        client.apiKey, client.secret = credentials.api_key, credentials.secret
        client.password = credentials.passphrase or ""
        client.set_sandbox_mode(credentials.demo)
        try:
            settings = await _unified_settings(client)
            return await (_classic(client) if settings is None else _unified(client, settings))
        finally:
            await client.close()  # not the session, which is ours

    async def aclose(self) -> None:
        """Release the connections."""
        if self._session is not None:
            await self._session.aclose()


async def _unified_settings(client: Any) -> dict[str, Any] | None:
    """None for a classic account. Only the exchange's own code says so: any other error is one."""
    try:
        return await _asked(client.privateUtaGetV3AccountSettings)
    except DomainError as error:
        if error.params.get("exchange_code") == _IS_CLASSIC:
            return None
        raise


async def _unified(client: Any, settings: dict[str, Any]) -> KeyFacts:
    found = await _asked(client.privateUtaGetV3AccountInfo)
    words = [str(word) for word in found.get("permissions") or ()]
    reads_only = str(found.get("permType", "")).startswith("read") and "write" not in str(
        found.get("permType", "")
    )
    rights = [READ] if reads_only else [READ, *(_RIGHTS.get(word, word) for word in words)]
    mode = _MODES.get(str(settings.get("holdMode")))
    return KeyFacts("unified", _once(rights), _ips(found), mode)


async def _classic(client: Any) -> KeyFacts:
    found = await _asked(client.privateSpotGetV2SpotAccountInfo)
    words = [str(word) for word in found.get("authorities") or ()]
    rights = [_RIGHTS.get(word, word) for word in words]
    return KeyFacts("classic", _once(rights), _ips(found), await _classic_mode(client))


async def _classic_mode(client: Any) -> str | None:
    """A key without the right to trade futures may not ask."""
    question = {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT"}
    try:
        found = await _asked(lambda: client.privateMixGetV2MixAccountAccount(question))
    except DomainError as error:
        if error.code != "exchange_refused":
            raise
        return None
    return _MODES.get(str(found.get("posMode")))


async def _asked(call: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    """The answer's data. Raises as `KeyInspector.inspect`, and "exchange_refused" with the code."""
    try:
        with translated():
            return dict((await call())["data"])
    except DomainError as error:
        code = _CODES.get(str(error.params.get("exchange_code")))
        if code is None:
            raise
        raise DomainError(code) from None


def _ips(found: dict[str, Any]) -> tuple[str, ...]:
    listed = str(found.get("ips") or "").replace(";", ",").split(",")
    return tuple(part.strip() for part in listed if part.strip())


def _once(rights: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rights))
