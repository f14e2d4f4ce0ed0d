"""Writes the functions into docs/rules.md and docs/rules.ko.md, between their two marks."""

from __future__ import annotations

from tests.architecture.rules_docs import DOCUMENTS, renewed


def main() -> None:
    """Run after a change of the function table."""
    for language, path in DOCUMENTS.items():
        path.write_text(renewed(path.read_text(encoding="utf-8"), language), encoding="utf-8")


if __name__ == "__main__":
    main()
