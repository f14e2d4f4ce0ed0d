"""How the tests themselves are written."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Module, imported_names, modules, parse, references

REAL_PROCESSES = ("tests/e2e/", "tests/crash/", "tests/support/")
"""Where other processes are waited for, which no fake clock can move."""


def mocks(module: Module) -> Iterator[str]:
    """Imports of unittest.mock, and its fixture."""
    for meaning in imported_names(module).values():
        if meaning.startswith(("unittest.mock", "mock.")) or meaning == "mock":
            yield f"{module.path} {meaning}"


def sleeps(module: Module) -> Iterator[str]:
    """Calls of time.sleep and asyncio.sleep; `asyncio.sleep(0)` only lets others run."""
    meanings = dict(references(module))
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        meaning = meanings.get(node.func, "")
        nothing = [a.value for a in node.args if isinstance(a, ast.Constant)] == [0]
        if meaning == "time.sleep" or (meaning == "asyncio.sleep" and not nothing):
            yield f"{module.at(node)} {meaning}"


def test_fakes_are_maintained_code_not_mocks() -> None:
    assert not [place for module in modules("tests") for place in mocks(module)]


def test_tests_move_a_clock_instead_of_sleeping() -> None:
    found = [
        place
        for module in modules("tests")
        if not module.path.startswith(REAL_PROCESSES)
        for place in sleeps(module)
    ]
    assert not found, "move a ManualClock, or await the thing itself"


@pytest.mark.parametrize("text", ["from unittest.mock import patch", "from unittest import mock"])
def test_a_mock_is_found(text: str) -> None:
    assert list(mocks(parse(text)))


@pytest.mark.parametrize(
    "text", ["import time\ntime.sleep(1)", "from asyncio import sleep as nap\nnap(0.1)"]
)
def test_a_sleep_is_found(text: str) -> None:
    assert list(sleeps(parse(text)))


def test_letting_others_run_is_not_a_sleep() -> None:
    assert not list(sleeps(parse("import asyncio\nasyncio.sleep(0)")))
