"""The full report of a backtest: one HTML file that needs nothing else, to keep and to pass on."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from domain.backtests.models import BacktestResult
from domain.clock import from_ms
from handlers.render import names, numbers
from handlers.render.backtest_cards import ran_with
from handlers.render.report_figures import GROUPS, shown, unnamed
from handlers.render.report_notes import sentence
from handlers.texts import Html, Translator

_COLOURS = {
    "dark": ("#0d131d", "#121a27", "#22304a", "#edf2fa", "#93a3bb"),
    "light": ("#ffffff", "#f7f9fc", "#dde4ee", "#141c28", "#5c6b80"),
}
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
body{{margin:0 auto;padding:24px;max-width:1000px;background:{0};color:{3};
font:15px/1.5 system-ui,'Apple SD Gothic Neo','Malgun Gothic',sans-serif}}
h1{{margin:0}}h2{{margin:32px 0 8px;font-size:18px}}p.about{{color:{4};margin:4px 0 24px}}
img{{width:100%;border-radius:8px;margin:8px 0;border:1px solid {2}}}
.groups{{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:16px}}
table{{width:100%;border-collapse:collapse;background:{1}}}
td{{padding:5px 10px;border-bottom:1px solid {2}}}td:last-child{{text-align:right}}
pre{{background:{1};padding:12px;overflow:auto;border:1px solid {2}}}
code{{word-break:break-all}}li{{margin:4px 0}}footer{{color:{4};margin-top:32px}}
"""


def page(t: Translator, row: BacktestResult, pictures: Mapping[str, str]) -> bytes:
    """`pictures`: name -> PNG in base64, in the order they are shown."""
    params, metrics = row.params or {}, row.metrics or {}
    look = params.get("look") or {}
    style = _STYLE.format(*_COLOURS.get(look.get("theme", ""), _COLOURS["dark"]))
    title = names.strategy(t, params.get("strategy", ""))
    body = [
        f"<h1>{t('report.title', strategy=title)}</h1>",
        f'<p class="about">{_about(t, row, params)}</p>',
        *(
            f'<img alt="{which}" src="data:image/png;base64,{data}">'
            for which, data in pictures.items()
        ),
        _figures(t, metrics),
        _notes(t, metrics),
        _program(t, params),
        _hashes(t, row, metrics),
        f"<footer>{t('report.footer')}</footer>",
    ]
    head = (
        f'<!doctype html><html lang="{t.lang}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{t('report.title', strategy=title)}</title><style>{style}</style>"
    )
    return (head + "\n".join(body) + "</html>\n").encode()


def _about(t: Translator, row: BacktestResult, params: Mapping[str, Any]) -> Html:
    start, end = (from_ms(int(params[name])) for name in ("start_ms", "end_ms"))
    return t(
        "report.about",
        id=row.id,
        symbol=row.pair or "",
        timeframe=row.timeframe or "",
        start=numbers.long_moment(t, start),
        end=numbers.long_moment(t, end),
        zone=t.tz,
    )


def _figures(t: Translator, metrics: Mapping[str, Any]) -> str:
    tables = [
        f"<div><h2>{t(f'report.group_{group}')}</h2>{_table(shown(t, metrics, names_))}</div>"
        for group, names_ in GROUPS.items()
    ]
    rest = unnamed(metrics)
    if rest:
        tables.append(f"<div><h2>{t('report.group_other')}</h2>{_table(rest)}</div>")
    return f'<div class="groups">{"".join(tables)}</div>'


def _notes(t: Translator, metrics: Mapping[str, Any]) -> str:
    items = "".join(f"<li>{sentence(t, str(note))}</li>" for note in metrics.get("notes") or ())
    return f"<h2>{t('report.notes')}</h2><ul>{items}</ul>"


def _program(t: Translator, params: Mapping[str, Any]) -> str:
    code = escape(str(params.get("code", "")))
    return f"<h2>{t('report.program')}</h2><pre>{code}</pre>{_table(ran_with(t, params))}"


def _hashes(t: Translator, row: BacktestResult, metrics: Mapping[str, Any]) -> str:
    rows = [
        (str(t("report.data_hash")), str(row.data_hash or "")),
        (str(t("report.program_hash")), str(row.program_hash or "")),
    ]
    cells = "".join(f"<li>{name}<br><code>{escape(value)}</code></li>" for name, value in rows)
    return f"<h2>{t('report.hashes')}</h2><ul>{cells}</ul>"


def _table(rows: list[tuple[str, str]]) -> str:
    """`rows`: (name, value), neither is markup."""
    cells = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows
    )
    return f"<table>{cells}</table>" if cells else ""
