"""Texts that mean harm, or that a cat typed: tricks, bombs and rubbish."""

from __future__ import annotations

from tests.strategies.hostile_words import MORE_REFUSED

ENTRY = "\nbuy = close > open"

ESCAPES = [
    "import os", "from os import system", "import os as ema", "__import__('os')",
    "buy = __import__('os').system('id')", "buy = exec('1')", "buy = eval('1')",
    "buy = open('/etc/passwd')", "buy = compile('1', '', 'eval')", "buy = globals()",
    "buy = getattr(close, 'T')", "buy = close.__class__.__mro__[1].__subclasses__()",
    "buy = ().__class__", "buy = ''.__class__", "buy = close.T", "buy = close.tofile('x')",
    "buy = (lambda: 1)()", "f = lambda x: x", "def f(): pass", "class A: pass",
    "async def f(): pass", "buy = await close", "buy = (yield close)", "return close",
    "while True: pass", "for i in close: pass", "if close > 1: buy = True",
    "try: pass", "with close as x: pass", "match close: pass", "raise close", "assert close",
    "global close", "nonlocal close", "del close", "pass", "break", "continue",
    "@ema\ndef f(): pass", "buy = ema.kernel", "ema.kernel = 3", "close.shape = 3",
    "TABLE = 3; buy = TABLE", "buy = TABLE > 1", "buy = self > 1", "buy = np.inf > 1",
    "__builtins__ = 1" + ENTRY, "__name__ = 1" + ENTRY, "buy = __file__ > 1",
]  # fmt: skip

TRICKS = [
    "buy = [x for x in close]", "buy = {x for x in close}", "buy = (x for x in close)",
    "buy = {close: 1}", "buy = (y := close) > 1", "buy = f'{close}'", "buy = f'{close!r:>{9}}'",
    "buy = '%s' % close", "buy = '{0.__class__}'.format(close)", "buy = b'x' == close",
    "buy = rb'x'", "buy = 'a' 'b'", "buy = '''a'''", 'buy = """a\nb"""', "buy = 'a\nb'",
    "buy = 'a", 'buy = "', "buy = '\\x41'", "buy = '\\N{BULLET}'", "buy = ...", "buy = None",
    "buy = NotImplemented", "buy = 1j > 0", "buy = close @ open > 1", "buy = ~close > 1",
    "buy = close & open", "buy = close | open", "buy = close ^ 2 > 1", "buy = close << 2 > 1",
    "buy = close >> 2 > 1", "buy = close <> open", "buy = close in open", "buy = close is open",
    "buy = close not in open", "buy = *close", "buy = *close, open", "buy = print(close)",
    "buy = ema(*[close, 3])", "buy = ema(**{})", "buy = ema(x for x in close)",
    "buy = ema(close, n := 3)", "buy = ema(close)(3)", "buy = ema[close, 3]", "buy = 3(4)",
    "buy = close[::-1]", "buy = close[1:]", "buy = close[..., 1]", "buy = close[1, 2]",
    "buy = close[-1] > 1", "buy = close[-0] > 1", "buy = close[+1] > 1", "buy = close[1 - 2] > 1",
    "buy = close[~0] > 1", "buy = close['a'] > 1", "buy = close[1e2] > 1", "a: int = 3" + ENTRY,
    "a = b = close" + ENTRY, "a, b = close, open" + ENTRY, "[a] = close" + ENTRY, "(a) += 1",
    "a @= 1", "a //= 1", "a -> b", "print(close)", "$buy = 1", "`id`", "#!/bin/sh\n!id",
    "buy = close > 1 # \0", "buy = close\0 > 1", "\0" * 50, "\x1b[2J", "\x7f", "\x0c" + ENTRY,
    "buy = close > 1\\", "\\\n\\\n", "buy = True; sell = True", ";;;", ",", ")", "]", "}", "((",
    "=",
    "== ==", "buy", "buy =", "= buy", "buy = =", "buy == True", "buy =\n= 3", "1 = buy", "True = 1",
]  # fmt: skip

LOOK_ALIKES = [
    "buy = cl\u043ese > 1", "b\u03c5y = True", "\uff42uy = True", "buy = close \uff1e 1",
    "buy\u00a0= True", "buy = Tru\u0435", "buy = close\u200b > 1", "\u202ebuy = True",
    "buy = close > \u0661", "buy = close > \u00bd", "buy = close > \u2460", "\u00aa = 1" + ENTRY,
    "buy = \u201cx\u201d", "buy = \ud800", "\udfff\ud800", "buy = '\ud83d'", "buy = \U0001f4c8",
    "buy = close\u2028> 1", "buy = close\u0085> 1", "buy = x\u0301 > 1", "\ufeff\ufeff" + ENTRY,
]  # fmt: skip

BOMBS = [
    "buy = " + "9" * 9_900 + "x", "buy = " + "9" * 4_900 + "." + "9" * 4_900 + "..",
    "buy = " + ".1e5" * 2_400, "buy = 1e" + "5" * 9_900 + "_",

    "buy = x // " + "a." * 4_980, "buy = x // " + "1.a-" * 2_400,

    "buy = " + "(" * 5_000, "buy = " + "[" * 5_000, "buy = " + "(" * 51 + "1" + ")" * 51,
    "buy = " + "-" * 9_000 + "1 > 0", "buy = " + "not " * 2_400 + "True",
    "buy = " + "~" * 9_000 + "1", "buy = " + "+-" * 4_500 + "1 > 0",
    "buy = " + "1 if 1 else " * 800 + "1", "buy = " + "1 ** " * 1_900 + "1 > 0",
    "buy = " + "1 + " * 2_400 + "1 > 0", "buy = " + "1 < " * 2_400 + "1",
    "buy = " + "ema(" * 600 + "1" + ")" * 600,
    "buy = " + "x." * 4_000 + "x", "buy = " + "x[0]" * 2_000, "buy = " + "f()" * 3_000,
    "buy = " + "()" * 4_000, "buy = " + "a" * 9_000, "a" * 9_990 + " = 1", "buy = " + "9" * 9_000,
    "buy = " + "." * 9_000, "buy = " + "1." * 4_000, "buy = " + "'" * 9_000, "\n" * 9_000,
    " " * 9_999, "\t" * 9_999 + "x", "#" * 20_000, "x" * 10_000_000, "a = 1\n" * 1_600,
    "\n".join(f"a{i} = emma(close)" for i in range(500)), "=\n" * 4_000, ")\n" * 4_000,
    "(\n" * 4_000, "'\n" * 4_000, "buy = 9 ** 9 ** 9 ** 9 ** 9 > x",
    "buy = ema(close, 9 ** 9 ** 9)", "n = param(1e300)\nbuy = ema(close, n) > 1",
    "buy = close > 1e999", "buy = close[999999999] > 1", "buy = ema(close, 1e18) > 1",
    "buy = ema(close, 0 / 0) > 1", "buy = alma(close, 5000) > 1",
    "n = param(9, min=-1e400)" + ENTRY, "buy = max(" + "close, " * 2_400 + "1) > 1",
    "plot(" + "close, " * 500 + "1)" + ENTRY, "buy = ema(" + "close, " * 900 + "1)",
    "buy = ema(" + ", ".join(f"k{i}=1" for i in range(400)) + ")",
]  # fmt: skip

REFUSED = ESCAPES + TRICKS + LOOK_ALIKES + BOMBS + MORE_REFUSED

# Nothing is wrong with these but their intent: they must be read, and evaluated, within bounds.
BOUNDED = [
    "buy = " + "True and " * 1_100 + "True",
    "buy = 9 ** 9 ** 9 ** 9 > close",
    "buy = 0 ** -1 > close or (-1) ** 0.5 > close",
    "x = exp(exp(exp(close)))\nbuy = ema(x, 3) > sma(x, 3) or rsi(x, 3) > stdev(x, 3)",
    "x = close * 1e300\nbuy = variance(x, 5) > correlation(x, x, 5) or rma(x, 4) > kama(x, 4)",
    "\n".join(["a0 = close + open"] + [f"a{i} = a{i - 1} + a{i - 1}" for i in range(1, 330)])
    + "\nbuy = a329 > 1",
    "\n".join(["a0 = close"] + [f"a{i} = ema(a{i - 1}, 5000)" for i in range(1, 150)])
    + "\nbuy = a149 > 1",
    "buy = " + " or ".join(f"stochrsi_d(close, {i}) > 1" for i in range(2, 190)),
    "buy = " + "(" * 50 + "close > 1" + ")" * 50,
    "buy = round(close, 400) > round(close, -400) > valuewhen(True, close, -5)",
    "buy = alma(close, 9, 1e300, 1e300) > alma(close, 9, -5, 0)",
    "buy = bb_upper(close, 20, -1e300) > 1 or t3(close, 3, 1e200) > 1",
    "\n".join(
        [
            "a0 = close + open",
            *(f"a{i} = a{i - 1} + a{i - 1}" for i in range(1, 240)),
            *(
                f"b{i} = timeframe('{t}', a239)"
                for i, t in enumerate(["15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d"])
            ),
        ]
    )
    + "\nbuy = b7 > 1",
    "\n".join(f"a{i} = timeframe('1h', ema(close, 5000))" for i in range(90)) + "\nbuy = a9 > 1",
    "buy = True\ntake_profit = " + "(" * 40 + "profit" + " + 1)" * 40,
    "buy = True\nexit_long = profit / 0 > 1 or profit ** 400 > 1 or (0 - 9) ** profit != 3",
    "buy = symbol('ZZZUSDT', timeframe('1d', correlation(close, volume, 5000))) > 1",
]
