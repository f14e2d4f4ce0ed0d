"""Update to reply, as a person in the chat sees it: ours through the whole stack, beside a bare
PTB handler.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks import postgres
from benchmarks.processes import bare_bot, memory_mib, our_bot, sandbox, until_up
from tests.support.sandbox_client import SandboxClient

ROUNDS = 150
USERS = 50
Command = Callable[[int], str]


def read(_number: int) -> str:
    """A command that changes nothing."""
    return "/positions"


def write(number: int) -> str:
    """A command that changes a limit, each time to another value."""
    return f"/risk set max_positions {number % 40 + 1}"


async def ask(people: SandboxClient, name: str, text: str) -> float:
    """Seconds from sending to seeing the answer."""
    began = time.perf_counter()
    sent = await people.send(name, text)
    await people.wait_for(name, lambda m: m["from"] == "bot", 30.0, sent["seq"])
    return time.perf_counter() - began


async def one_by_one(people: SandboxClient, command: Command, rounds: int = ROUNDS) -> list[float]:
    """One person, each command after the answer to the last."""
    for number in range(10):
        await ask(people, "solo", command(number))
    return [await ask(people, "solo", command(number)) for number in range(rounds)]


async def steady(people: SandboxClient, per_s: float, seconds: float) -> list[float]:
    """50 people who together send `per_s` commands a second."""
    loop = asyncio.get_running_loop()
    began, waiting = loop.time(), []
    for number in range(int(per_s * seconds)):
        await asyncio.sleep(max(0.0, began + number / per_s - loop.time()))
        waiting.append(asyncio.create_task(ask(people, f"u{number % USERS}", read(number))))
    return list(await asyncio.gather(*waiting))


async def burst(people: SandboxClient) -> float:
    """Seconds until 50 people who write at the same moment all have their answer."""
    began = time.perf_counter()
    await asyncio.gather(*(ask(people, f"u{n}", read(n)) for n in range(USERS)))
    return time.perf_counter() - began


async def sustained(people: SandboxClient, seconds: float = 8.0) -> float:
    """Answers a second when 50 people write again as soon as they were answered."""
    loop = asyncio.get_running_loop()
    until, count = loop.time() + seconds, 0

    async def person(name: str) -> None:
        nonlocal count
        while loop.time() < until:
            await ask(people, name, read(count))
            count += 1

    began = loop.time()
    await asyncio.gather(*(person(f"u{n}") for n in range(USERS)))
    return count / (loop.time() - began)


async def measured(url: str, work: Callable[[SandboxClient], Awaitable[None]]) -> None:
    """Everybody registers, then `work`."""
    await until_up(url)
    async with SandboxClient(url) as people:
        for name in ["solo", *(f"u{n}" for n in range(USERS))]:
            await ask(people, name, "/start")
        await work(people)


def milliseconds(values: list[float]) -> str:
    """Median and the slow end."""
    values = sorted(values)
    p99 = values[int(len(values) * 0.99) - 1]
    return f"p50 {statistics.median(values) * 1e3:6.2f} ms   p99 {p99 * 1e3:6.2f} ms"


def run() -> None:
    """Print the table."""
    bare: dict[str, list[float]] = {}

    async def of_bare(people: SandboxClient) -> None:
        bare["read"] = await one_by_one(people, read)
        bare["write"] = await one_by_one(people, write)

    with sandbox() as url, bare_bot(url):
        asyncio.run(measured(url, of_bare))
    base = statistics.median(bare["read"])
    print(f"{'bare PTB handler':28} {milliseconds(bare['read'])}")
    for name in ("SQLite", "PostgreSQL"):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            address = stack.enter_context(postgres.running()) if name == "PostgreSQL" else None
            url = stack.enter_context(sandbox())
            ours = stack.enter_context(our_bot(url, folder, address))
            asyncio.run(measured(url, partial(_ours, name=name, base=base, pid=ours.pid)))


async def _ours(people: SandboxClient, name: str, base: float, pid: int) -> None:
    print(f"{name + ', idle memory':28} {memory_mib(pid):6.1f} MiB   (goal <= 200)")
    reads = await one_by_one(people, read)
    writes = await one_by_one(people, write)
    solo = statistics.median(reads)
    print(f"{name + ', read':28} {milliseconds(reads)}   {solo / base:5.2f}x bare (goal <= 8)")
    ratio = statistics.median(writes) / base
    print(f"{name + ', write':28} {milliseconds(writes)}   {ratio:5.2f}x bare (goal <= 12)")
    many = sorted(await steady(people, 25.0, 20.0))
    p99 = many[int(len(many) * 0.99) - 1]
    print(
        f"{name + ', 50 users at 25/s':28} {milliseconds(many)}   "
        f"p99 {p99 / solo:5.2f}x solo p50 (goal <= 5)"
    )
    bursts = statistics.median([await burst(people) for _ in range(7)])
    print(
        f"{name + ', burst of 50':28} {bursts * 1e3:10.2f} ms   "
        f"{bursts / solo:5.2f}x solo p50 (goal <= 60)"
    )
    print(f"{name + ', sustained':28} {await sustained(people):10.1f} /s   (goal >= 200)")


if __name__ == "__main__":
    run()
