"""More texts that mean harm: against other series, the open position, words and numbers."""

from __future__ import annotations

ENTRY = "\nbuy = close > open"

FRAMES = [
    "buy = timeframe(close > open, '4h')", "buy = timeframe('4h')", "buy = timeframe()",
    "buy = timeframe('4h', close > 1, 2)", "buy = timeframe(tf='4h', x=close > 1)",
    "buy = timeframe('-4h', close > 1)",
    "buy = timeframe('0m', close > 1)", "buy = timeframe('1s', close > 1)",
    "buy = timeframe('999999d', close > 1)", "buy = timeframe('__class__', close > 1)",
    "buy = timeframe(f'4h', close > 1)", "buy = timeframe(b'4h', close > 1)",
    "buy = timeframe(4, close > 1)", "t = '4h'\nbuy = timeframe(t, close > 1)",
    "buy = timeframe('4h', '4h')", "buy = timeframe('4h', timeframe('1d', close > 1))",
    "buy = timeframe('4h', symbol('BTCUSDT', close > 1))", "buy = symbol('BTCUSDT')",
    "buy = symbol('', close > 1)", "buy = symbol('../../etc/passwd', close > 1)",
    "buy = symbol('BTC USDT', close > 1)", "buy = symbol('BTC%00', close > 1)",
    "buy = symbol('" + "A" * 41 + "', close > 1)", "buy = symbol('" + "A" * 21 + "', close > 1)",
    "buy = symbol('btcusdt', close > 1)", "buy = symbol(close, close > 1)",
    "buy = symbol('BTCUSDT', symbol('ETHUSDT', close > 1))", "buy = symbol.upper('x') > 1",
    "buy = symbol(*['BTCUSDT', close])", "buy = symbol(**{})", "timeframe = '4h'" + ENTRY,
    "symbol = 1" + ENTRY, "buy = timeframe", "buy = symbol > 1", "buy = timeframe[4] > 1",
    "buy = " + "timeframe('4h', " * 51 + "close > 1" + ")" * 51,
    "buy = " + "symbol('AAUSDT', " * 30 + "close > 1" + ")" * 30,
    "buy = " + " or ".join(f"symbol('S{i}USDT', close > 1)" for i in range(60)),
    "buy = " + " or ".join(
        f"symbol('S{i}USDT', timeframe('{t}', close > 1))"
        for i in range(3) for t in ("1h", "2h", "4h", "1d")
    ),
    "a = timeframe('4h', close)\nbuy = timeframe('1d', a > 1)",
    "a = symbol('BTCUSDT', close)\nb = a\nbuy = symbol('ETHUSDT', b > 1)",
    "buy = timeframe('4h', buy)", "buy = timeframe('4h', later > 1)\nlater = close",
    "plot(timeframe('4h', plot(close)))" + ENTRY, "buy = timeframe('4h', param(3) > 1)",
]  # fmt: skip

HELD = [
    "buy = profit > 0", "sell = bars_held > 3", "confidence = profit" + ENTRY,
    "plot(best_profit)" + ENTRY, "trail = profit" + ENTRY, "trail_after = 3" + ENTRY,
    "trail = 1\ntrail_after = bars_held" + ENTRY, "exit_long = profit[1] > 0" + ENTRY,
    "exit_long = ema(profit, 3) > 0" + ENTRY, "exit_long = sum(bars_held, 3) > 0" + ENTRY,
    "exit_long = at_entry(profit) > 0" + ENTRY, "exit_long = at_entry() > 0" + ENTRY,
    "exit_long = at_entry(at_entry(close)) > 0" + ENTRY, "exit_long = at_entry > 0" + ENTRY,
    "exit_long = at_entry(close)[1] > 0" + ENTRY, "buy = at_entry(close) > 1",
    "exit_long = timeframe('4h', profit > 1)" + ENTRY,
    "exit_long = symbol('BTCUSDT', is_long)" + ENTRY, "profit = 3" + ENTRY,
    "entry_price = 0" + ENTRY, "is_long = True" + ENTRY, "at_entry = 1" + ENTRY,
    "exit_long = profit.real > 1" + ENTRY, "exit_long = profit() > 1" + ENTRY,
    "exit_long = log(profit) > 1" + ENTRY, "exit_long = exp(profit) > 1" + ENTRY,
    "exit_long = barssince(profit > 1) > 3" + ENTRY, "exit_long = latch(is_long, is_long)" + ENTRY,
    "exit_long = profit" + ENTRY, "stop_loss = is_long" + ENTRY, "p = profit\nbuy = p > 1",
    "p = profit > 1\nplot(1 if p else 0)" + ENTRY, "exit_long = ema(close, bars_held) > 1" + ENTRY,
    "exit_long = close[bars_held] > 1" + ENTRY, "leverage = 100", "balance = 1",
    "exit_long = balance > 1" + ENTRY, "exit_long = equity > 1" + ENTRY,
    "\n".join(["a0 = profit", *(f"a{i} = a{i - 1} * a{i - 1}" for i in range(1, 320)),
               "exit_long = a319 > 1"]) + ENTRY,
    "take_profit = max(" + ", ".join(["profit"] * 300) + ")" + ENTRY,
    "\n".join(["a0 = profit", *(f"a{i} = 1 - a{i - 1}" for i in range(1, 300)),
               "take_profit = a299"]) + ENTRY,
    "a = " + "1 - (" * 40 + "profit" + ")" * 40 + "\ntake_profit = " + "2 - (" * 40 + "a"
    + ")" * 40 + ENTRY,
]  # fmt: skip

WORDS = [
    "buy = 'x' * 9 > close", "buy = 'a' < 'b'", "buy = close['close'] > 1", "buy = ema('close', 3)",
    "buy = pattern(close)", "buy = pattern('nothing')", "buy = pattern('engulfing' 'x') > 0",
    "buy = new_period(1)", "buy = new_period('1')", "buy = new_period('century')",
    "buy = cum(volume, period=1) > 1", "buy = cum(volume, period='x') > 1", "buy = bar_index > 3",
    "buy = bar_index[3] > 1", "buy = ema(bar_index, 3) > 1", "buy = _time > 1",
    "buy = _stoch(close, high, low, 3) > 1", "buy = _ago(close, -1) > 1", "buy = _given(1, 2) > 1",
    "buy = ema(close, 3, adjust=True) > 1", "buy = ema(x=close, close, 3) > 1",
    "buy = max() > 1", "buy = max(close=1) > 1", "buy = clip(close, 1) > 1",
    "buy = ema(close, True) > 1", "buy = ema(True, 3) > 1", "buy = ema(close, 'x') > 1",
    "buy = ema(close, -0.0) > 1", "buy = ema(close, 1e-300) > 1", "buy = ema(close, 2 ** 0.5) > 1",
    "n = param(3, min=2, max=1)" + ENTRY, "n = param('3')" + ENTRY, "n = param(param(3))" + ENTRY,
    "n = param(3, step=1)" + ENTRY, "n = param(3, **close)" + ENTRY, "n = param" + ENTRY,
    "\n".join(f"n{i} = param({i + 2})" for i in range(40)) + ENTRY, "buy = True\nbuy = True",
    "buy = 0x10 > 1", "buy = 1_000 > 1", "buy = 1e5e5 > 1", "buy = 1..real > 1", "buy = 07 > 1",
    "buy = 1if close else 2", "buy = close>1or open", "buy = not", "buy = not not", "if = 1",
    "and = 1", "True = 3" + ENTRY, "None = 3" + ENTRY, "buy = close > 1 if", "buy = (close > 1",
    "buy = close > 1)", "buy = [close > 1", "buy = close > 1 else 2", "buy = close ** ** 2 > 1",
]  # fmt: skip

MORE_REFUSED = FRAMES + HELD + WORDS
