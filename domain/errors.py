"""Expected failures are values: a code and its parameters. Sentences live in `handlers/texts`."""

from __future__ import annotations


class DomainError(Exception):
    """Something a user or an operator can understand and mend.

    `code` names the sentence (`error.<code>` in the texts); `params` are the values it shows.
    Neither may hold a secret: both are logged and stored.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code}({shown})" if shown else self.code
