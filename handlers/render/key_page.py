"""The page on which a key is entered, and what is said instead of it."""

from __future__ import annotations

from html import escape

from handlers.texts import Html, Translator, plain

STYLE = (
    "body{font:16px system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem}"
    "label{display:block;margin:1rem 0 .3rem}"
    "input[type=text],input[type=password]{width:100%;box-sizing:border-box;font:inherit;padding:.5rem}"
    "button{margin-top:1.5rem;font:inherit;padding:.6rem 1.2rem}.wrong{color:#b00020}"
)
FIELDS = ("api_key", "secret", "passphrase")


def form(t: Translator, csrf: str, wrong: Html | None = None) -> str:
    """Nothing that was typed is ever put into it."""
    inputs = "".join(
        f'<label for="{name}">{_text(t(f"page.{name}"))}</label>'
        f'<input id="{name}" name="{name}" type="password" autocomplete="off" required'
        f' maxlength="256" spellcheck="false">'
        for name in FIELDS
    )
    said = "" if wrong is None else f'<p class="wrong">{_text(wrong)}</p>'
    body = (
        f"<h1>{_text(t('page.title'))}</h1><p>{_text(t('page.how'))}</p>{said}"
        f'<form method="post"><input type="hidden" name="csrf" value="{escape(csrf)}">{inputs}'
        f'<label><input type="checkbox" name="demo" value="1"> {_text(t("page.demo"))}</label>'
        f"<button>{_text(t('page.send'))}</button></form>"
    )
    return _page(t, body)


def message(t: Translator, said: Html) -> str:
    """A page that only says something."""
    return _page(t, f"<h1>{_text(t('page.title'))}</h1><p>{_text(said)}</p>")


def _page(t: Translator, body: str) -> str:
    return (
        f'<!doctype html><html lang="{t.lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text(t('page.title'))}</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )


def _text(said: Html) -> str:
    """Without the chat's markup."""
    return escape(plain(said))
