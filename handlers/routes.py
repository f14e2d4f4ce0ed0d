"""Every command and every button. Menus, /help and the access table are made from these lists."""

from __future__ import annotations

from collections.abc import Mapping

from domain.access.step_up import Need
from handlers import (
    audit,
    authoring,
    backtests,
    bots,
    charts,
    closing,
    connect,
    documents,
    help,  # noqa: A004 - the command's name
    keys,
    mode,
    opening,
    panic,
    picking,
    pictures,
    questions,
    results,
    risk,
    rule_help,
    settings,
    setup,
    sharing,
    signals,
    start,
    step_up,
    strategies,
    studies,
    trading,
    two_factor,
)
from handlers.types import Handler, Route, Tap

help_command, help_tap = help.make_help(lambda: ROUTES)

ROUTES: tuple[Route, ...] = (
    Route(
        "start", start.start, "account", access="anyone", writes=True, menu=False, shows_bare=True
    ),
    Route("start_bot", bots.start_bot, "bot", writes=True, expires=True),
    Route("stop_bot", bots.stop_bot, "bot", writes=True, lane=0),
    Route("status", bots.status, "bot"),
    Route("positions", trading.positions, "trading", aliases=("pos",)),
    Route("pnl", trading.pnl, "money", aliases=("profit",)),
    Route("trades", trading.trades, "trading"),
    Route("signals", signals.show_signals, "signals"),
    Route("strategies", strategies.list_strategies, "strategy"),
    Route("backtest", backtests.backtest, "research", writes=True),
    Route("risk", risk.risk_command, "risk", writes=True, shows_bare=True),
    Route("settings", settings.change_settings, "account", writes=True, shows_bare=True),
    Route("help", help_command, "account", access="anyone"),
    Route("panic", panic.panic, "bot", writes=True, lane=0, looks=panic.look),
    Route("close", closing.close, "trading", writes=True, lane=0, menu=False),
    Route("close_all", closing.close_all, "trading", writes=True, lane=0, menu=False),
    Route("pause", bots.pause, "bot", writes=True, menu=False),
    Route("resume", bots.resume, "bot", writes=True, expires=True, menu=False, needs=Need.LIVE),
    Route("strategy", strategies.show_strategy, "strategy", menu=False),
    Route(
        "new_strategy",
        authoring.new_strategy,
        "strategy",
        writes=True,
        menu=False,
        takes_file=True,
    ),
    Route(
        "edit_strategy",
        authoring.edit_strategy,
        "strategy",
        writes=True,
        menu=False,
        takes_file=True,
    ),
    Route("delete_strategy", authoring.delete_strategy, "strategy", writes=True, menu=False),
    Route("share", sharing.share, "strategy", writes=True, menu=False),
    Route("chart", charts.chart, "research", menu=False),
    Route("export", documents.export, "money", menu=False),
    Route("optimize", studies.optimize, "research", writes=True, aliases=("opt",)),
    Route("walkforward", studies.walkforward, "research", writes=True, menu=False, aliases=("wf",)),
    Route("montecarlo", studies.montecarlo, "research", writes=True, menu=False, aliases=("mc",)),
    Route("parity", studies.parity, "research", writes=True, menu=False),
    Route("results", results.results, "research", menu=False),
    Route("config", risk.config_command, "risk", writes=True, menu=False, shows_bare=True),
    Route(
        "lang",
        settings.set_language,
        "account",
        writes=True,
        menu=False,
        shows_bare=True,
        aliases=("language",),
    ),
    Route("mode", mode.mode_command, "account", writes=True, menu=False, shows_bare=True),
    Route("cancel", questions.cancel, "account", writes=True, menu=False),
    Route("connect", connect.connect, "account", writes=True, menu=False),
    Route("keys", keys.show_keys, "account", menu=False),
    Route("disconnect", keys.disconnect, "account", writes=True, menu=False, needs=Need.KEYS),
    Route("twofa", two_factor.show_two_factor, "account", menu=False, aliases=("2fa",)),
    Route("audit", audit.show_audit, "admin", access="admin"),
)

TAPS: tuple[Tap, ...] = (
    Tap("menu", start.menu),
    Tap("help", help_tap),
    Tap("rules", rule_help.tap_rules),
    Tap("settings", settings.show_settings),
    Tap("lang", settings.tap_language, writes=True),
    Tap("tz", settings.tap_timezone, writes=True),
    Tap("theme", settings.tap_theme, writes=True),
    Tap("mode", mode.tap_mode, writes=True),
    Tap("strategies", strategies.tap_list),
    Tap("strategy", strategies.tap_strategy),
    Tap("status", bots.status),
    Tap("positions", trading.positions),
    Tap("trades", trading.tap_trades),
    Tap("pnl", trading.tap_pnl),
    Tap("sig", signals.tap_signals),
    Tap("risk", risk.show_risk),
    Tap("config", risk.show_config),
    Tap("pic", pictures.tap_picture),
    Tap("doc", documents.tap_document),
    Tap("cx", charts.tap_chart),
    Tap("result", results.tap_result),
    Tap("results", results.tap_results),
    Tap("compare", results.tap_compare),
    Tap("both", results.tap_both),
    Tap("open", opening.tap_open),
    # These lead to buttons that act, which are rows.
    Tap("begin", opening.tap_begin, writes=True),
    Tap("new_bot", bots.tap_new, writes=True),
    Tap("new_bt", backtests.tap_new, writes=True),
    Tap("again", backtests.tap_again, writes=True),
    Tap("start_as", backtests.tap_start_as, writes=True),
    Tap("stop_bot", bots.stop_bot, writes=True, lane=0),
    Tap("close", closing.tap_close, writes=True, lane=0),
    Tap("panic", panic.panic, writes=True, lane=0, looks=panic.look),
    Tap("pick", picking.tap_pick, writes=True, acts=True),
    Tap("type_input", setup.tap_type, writes=True, acts=True),
    Tap("more", bots.tap_more, writes=True, acts=True),
    # This asks; the answer is the next message.
    Tap("ask", questions.tap_ask, writes=True),
    Tap("write", authoring.tap_new, writes=True),
    Tap("edit", authoring.tap_edit, writes=True),
    Tap("delete", authoring.tap_delete, writes=True),
    Tap("share", sharing.tap_share, writes=True),
    Tap("unshare", sharing.tap_revoke, writes=True),
    # These act.
    Tap("go_bot", bots.tap_start, writes=True, acts=True, expires=True),
    Tap("go_stop", bots.tap_stop, writes=True, acts=True, lane=0),
    Tap("go_close", closing.tap_go_close, writes=True, acts=True, lane=0),
    Tap("go_close_all", closing.tap_close_all, writes=True, acts=True, lane=0),
    Tap("go_panic", panic.tap_panic, writes=True, acts=True, lane=0),
    Tap("go_delete", authoring.tap_go_delete, writes=True, acts=True),
    Tap("import", sharing.tap_import, writes=True, acts=True),
    Tap("use_best", studies.tap_use, writes=True),
    Tap("mc", studies.tap_montecarlo, writes=True),
    Tap("cancel_bt", backtests.tap_cancel, writes=True),
    Tap("pause", bots.pause, writes=True),
    Tap("resume", bots.resume, writes=True, expires=True, needs=Need.LIVE),
    # Keys and the second factor.
    Tap("keys", keys.show_keys),
    Tap("connect", connect.connect, writes=True),
    Tap("key_type", connect.tap_type, writes=True, needs=Need.KEYS),
    Tap("key_ok", keys.tap_confirm, writes=True, needs=Need.ALWAYS),
    Tap("key_use", keys.tap_accept, writes=True, needs=Need.KEYS),
    Tap("disconnect", keys.disconnect, writes=True, needs=Need.KEYS),
    Tap("go_disconnect", keys.tap_disconnect, writes=True, acts=True, needs=Need.KEYS),
    Tap("tf_on", two_factor.tap_begin, writes=True),
    Tap("tf_codes", two_factor.tap_codes, writes=True, needs=Need.ALWAYS),
    Tap("tf_off", two_factor.tap_off, writes=True, needs=Need.ALWAYS),
    Tap("audit", audit.tap_audit, access="admin"),
)

FORMS: Mapping[str, Handler] = {
    questions.SETTING: questions.answer,
    authoring.CODE: authoring.answer,
    connect.FORM: connect.answer,
    two_factor.FORM: two_factor.answer,
    setup.TYPED: setup.answer,
}
"""Kind of a form -> the handler of the message that answers it."""
LATE_FORMS: Mapping[str, Handler] = dict.fromkeys(
    (connect.FORM, two_factor.FORM, step_up.FORM), step_up.late
)
"""Those that ask for secrets: what comes too late is still deleted."""
FILE_FORMS = frozenset({authoring.CODE})
"""Those that may be answered with a file."""
