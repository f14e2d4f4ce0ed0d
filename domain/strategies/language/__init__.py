"""The rule language: a stranger's text, read as a program over candles and never as Python."""

from domain.strategies.language.errors import RuleError, RuleErrors
from domain.strategies.language.evaluation import evaluate
from domain.strategies.language.formatting import format_rules
from domain.strategies.language.limits import MAX_MEMORY_BARS
from domain.strategies.language.nodes import CHART, Frame
from domain.strategies.language.params import Param
from domain.strategies.language.program import Bound, Program, compile_rules
from domain.strategies.language.reach import Reach, reach

__all__ = [
    "CHART",
    "MAX_MEMORY_BARS",
    "Bound",
    "Frame",
    "Param",
    "Program",
    "Reach",
    "RuleError",
    "RuleErrors",
    "compile_rules",
    "evaluate",
    "format_rules",
    "reach",
]
