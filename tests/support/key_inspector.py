"""An exchange that is asked about keys, and says what the test wants."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.errors import DomainError
from domain.keys.ports import READ, TRADE, Credentials, KeyFacts

GOOD = KeyFacts("unified", (READ, TRADE), ("203.0.113.7",), "one_way")


@dataclass
class FakeInspector:
    """`says`: API key -> facts, or the code of an error; others are good. `asked`: in order."""

    says: dict[str, KeyFacts | str] = field(default_factory=dict)
    asked: list[Credentials] = field(default_factory=list)

    async def inspect(self, credentials: Credentials) -> KeyFacts:
        self.asked.append(credentials)
        answer = self.says.get(credentials.api_key, GOOD)
        if isinstance(answer, str):
            raise DomainError(answer)
        return answer

    async def aclose(self) -> None:
        """Nothing to give back."""
