"""Column types that give back exactly what was stored, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import BigInteger, DateTime, Integer, Numeric, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator, TypeEngine

from domain.errors import DomainError
from domain.money import QUANTUM, exact

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit key; SQLite only counts up by itself on INTEGER."""

_SCALE = int(1 / QUANTUM)


class NotStorableError(DomainError, DontWrapMixin):
    """A DomainError that SQLAlchemy hands on as it is: its reader is the user, not the log."""


class ExactNumeric(TypeDecorator[Decimal]):
    """NUMERIC(18, 8) on PostgreSQL, a scaled BIGINT on SQLite (whose NUMERIC is a float: 521 of
    2,000 values came back wrong).

    In SQL only SUM, MIN, MAX and comparison are right on both; do other arithmetic in Python.
    """

    impl = Numeric(18, 8)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(18, 8))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError("money is Decimal: convert with domain.money.exact")
        try:
            rounded = exact(value)
        except DomainError as error:
            raise NotStorableError(error.code, **error.params) from None
        return int(rounded * _SCALE) if dialect.name == "sqlite" else rounded

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return (Decimal(int(value)) / _SCALE).quantize(QUANTUM)
        # A sum may be larger than one row can be.
        return Decimal(value).quantize(QUANTUM)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in Python, naive UTC in the database (the given columns have no time zone)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("naive datetime: give it a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class JSONText(TypeDecorator[Any]):
    """JSON in a Text column, checked against `schema` (anything pydantic understands) in both
    directions.

    A row that does not fit is DomainError("row_broken"), not a crash further on; a value that does
    not fit is a ValueError before it gets into a row.
    """

    impl = Text
    cache_ok = True

    def __init__(self, schema: Any = Any) -> None:
        super().__init__()
        self.schema = schema
        self._adapter: TypeAdapter[Any] = TypeAdapter(schema)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        checked = self._adapter.validate_python(value)
        return json.dumps(
            self._adapter.dump_python(checked, mode="json"), separators=(",", ":"), allow_nan=False
        )

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        try:
            return self._adapter.validate_json(value)
        except ValidationError as error:
            raise DomainError("row_broken", detail=str(error.errors()[0]["type"])) from None
