"""What compiled code tells the processor of memory that it is about to read."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from domain.backtests import scan

TOLD = (scan.expect_bar,)
"""The functions that are empty in plain Python and say something here."""

_READ, _KEEP, _DATA = 0, 3, 1  # llvm.prefetch: to read, worth keeping near, no code
_WORD = ir.IntType(32)
_BYTES = ir.IntType(8).as_pointer()


def _fetching(_typing: Any, array: Any, place: Any) -> Any:
    """Asks for the line of memory around array[place]; beyond its ends it is no fault either."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, args[0])
        at = builder.bitcast(builder.gep(held.data, [args[1]]), _BYTES)
        kind = ir.FunctionType(ir.VoidType(), [_BYTES, _WORD, _WORD, _WORD])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [_BYTES], kind)
        builder.call(prefetch, [at, *(ir.Constant(_WORD, n) for n in (_READ, _KEEP, _DATA))])
        return context.get_dummy_value()

    return types.none(array, place), emit


_fetch: Any = intrinsic(_fetching)


@overload(scan.expect_bar)
def _expect_bar(columns: Any, bar: Any) -> Any:
    def fetch(columns: Any, bar: Any) -> None:
        _fetch(columns.time, bar)
        _fetch(columns.open, bar)
        _fetch(columns.high, bar)
        _fetch(columns.low, bar)
        _fetch(columns.close, bar)

    return fetch
