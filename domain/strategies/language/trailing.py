"""`trail` and `trail_after`: a stop behind the best price, written with what the language has."""

from __future__ import annotations

from domain.strategies.language.nodes import Graph, Kind, Node

_NO_STOP = 100.0  # percent away: further than any stop


def trailing_stop(graph: Graph, base: Node | None, trail: Node, after: Node | None) -> Node:
    """The stop (percent of the entry price) of a position that trails.

    `trail`: percent behind the best price, `after`: the best profit in percent from which on it
    trails (None: from the start); both as at the signal bar. `base`: the program's own stop, as at
    the signal bar too where it has a column; the nearer of the two holds. Without one, na before
    the stop trails: there the user's own stop holds.
    """
    stop = _behind_best(graph, graph.at_entry(trail))
    before = _missing(graph)
    if base is not None:
        before = base if base.position else graph.at_entry(base)
        far = graph.make("call", Kind.NUMBER, (before, graph.number(_NO_STOP)), "nz")
        stop = graph.make("call", Kind.NUMBER, (far, stop), "min")
    if after is None:
        return stop
    best = graph.position("best_profit")
    reached = graph.make("compare", Kind.CONDITION, (best, graph.at_entry(after)), ">=")
    return graph.make("if", Kind.NUMBER, (reached, stop, before))


def _behind_best(graph: Graph, trail: Node) -> Node:
    """Percent from the entry price to a stop `trail` percent behind the best price.

    Long: (1 - (1 + best/100) * (1 - trail/100)) * 100; short: the same with the signs turned.
    """
    one, hundred = graph.number(1), graph.number(100)
    best = _of(graph, "/", graph.position("best_profit"), hundred)
    share = _of(graph, "/", trail, hundred)
    risen = _of(graph, "*", _of(graph, "+", one, best), _of(graph, "-", one, share))
    fallen = _of(graph, "*", _of(graph, "-", one, best), _of(graph, "+", one, share))
    long, short = _of(graph, "-", one, risen), _of(graph, "-", fallen, one)
    away = graph.make("if", Kind.NUMBER, (graph.position("is_long"), long, short))
    return _of(graph, "*", away, hundred)


def _missing(graph: Graph) -> Node:
    return _of(graph, "/", graph.number(0), graph.number(0))


def _of(graph: Graph, sign: str, left: Node, right: Node) -> Node:
    return graph.make("binary", Kind.NUMBER, (left, right), sign)
