"""The databases that the fixtures hand out."""

from __future__ import annotations

from sqlalchemy import create_engine, inspect, text

from tests.support.postgres import PostgresServer


def tables(url: str) -> list[str]:
    engine = create_engine(url.replace("+aiosqlite", ""))
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


def run(url: str, statement: str) -> None:
    engine = create_engine(url.replace("+aiosqlite", ""))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_a_database_starts_empty_and_can_be_written(database_url: str) -> None:
    assert tables(database_url) == []
    run(database_url, "CREATE TABLE levers (id INTEGER PRIMARY KEY)")
    assert tables(database_url) == ["levers"]


def test_two_postgres_databases_do_not_see_each_other(pg_server: PostgresServer) -> None:
    first, second = pg_server.fresh(), pg_server.fresh()
    run(first, "CREATE TABLE levers (id INTEGER)")
    assert tables(second) == []


def test_a_template_is_filled_once_and_copied(pg_server: PostgresServer) -> None:
    fillings: list[str] = []

    def fill(url: str) -> None:
        fillings.append(url)
        run(url, "CREATE TABLE levers (id INTEGER)")

    copies = [pg_server.fresh(pg_server.template("with_levers", fill)) for _ in range(2)]
    assert [tables(copy) for copy in copies] == [["levers"], ["levers"]]
    assert len(fillings) == 1
