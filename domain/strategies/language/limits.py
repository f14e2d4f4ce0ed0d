"""How much a stranger's program may ask of the machine."""

MAX_CODE_CHARS = 10_000
MAX_NODES = 2_000
MAX_CALLS = 200
MAX_NESTING = 50
MAX_BRACKETS = 50
MAX_NAME_CHARS = 40
MAX_PARAMS = 30
MAX_PLOTS = 20
MAX_NUMBER_CHARS = 30
MAX_SCRIPT = 500  # steps of one output that depends on the position: taken at every bar held
MAX_SYMBOLS = 3
MAX_FRAMES = 8  # series besides the chart's own: names are read anew for each
MAX_LENGTH = 5_000
MAX_MEMORY_BARS = 10_000  # above it a bot is not started: its window would be too long to keep
MAX_CELLS = 100_000_000  # numbers alive at once in one evaluation: 800 MB
