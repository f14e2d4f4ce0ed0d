"""The reference of the rule language: an introduction by hand, the functions from their table."""

from __future__ import annotations

from handlers.render.rule_reference import reference
from handlers.texts import Translator
from tests.architecture.sources import ROOT

DOCUMENTS = {"en": ROOT / "docs" / "rules.md", "ko": ROOT / "docs" / "rules.ko.md"}
BEGIN, END = "<!-- functions: made by .ci/rules_docs.py -->\n", "<!-- end of the functions -->\n"


def renewed(document: str, language: str) -> str:
    """The document with the functions of today. Raises ValueError without its marks."""
    start, end = document.index(BEGIN) + len(BEGIN), document.index(END)
    return f"{document[:start]}\n{reference(Translator(language))}\n{document[end:]}"
