"""What the vault asks an exchange about a key, before it is trusted and every day after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

READ, TRADE, WITHDRAW, TRANSFER, MANAGE = "read", "trade", "withdraw", "transfer", "manage"
"""What a key may do, in our words. `trade`: futures; `manage`: the account's own settings."""
HARMLESS = frozenset({READ, TRADE})
HARMFUL = frozenset({WITHDRAW, TRANSFER})


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key in clear: in memory only, for as long as a client needs it. Its text shows nothing."""

    exchange: str
    demo: bool
    api_key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """`account_type`: classic or unified. `rights`: words above, and the exchange's own for those
    that nobody knows. `ips`: the addresses it is bound to, none = any. `position_mode`: one_way,
    hedge, or None when the exchange does not tell.
    """

    account_type: str
    rights: tuple[str, ...]
    ips: tuple[str, ...] = ()
    position_mode: str | None = None

    @property
    def harmful(self) -> tuple[str, ...]:
        """Those for which a key is refused."""
        return tuple(right for right in self.rights if right in HARMFUL)

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Those that its owner has to accept first."""
        return tuple(right for right in self.rights if right not in HARMLESS | HARMFUL)


class KeyInspector(Protocol):
    """Reads only."""

    async def inspect(self, credentials: Credentials) -> KeyFacts:
        """Raises DomainError: "key_wrong", "key_ip", "key_demo" (it is of the other kind),
        "exchange_unreachable", "exchange_busy", "exchange_maintenance", "exchange_bad_answer",
        "exchange_refused".
        """
        ...

    async def aclose(self) -> None:
        """Release the connections."""
        ...
