"""Every table, imported once so that `Base.metadata` is whole: for migrations and for tests."""

from domain.access import models as access
from domain.audit import models as audit
from domain.backtests import models as backtests
from domain.bots import models as bots
from domain.chat import models as chat
from domain.database import Base
from domain.jobs import models as jobs
from domain.keys import models as keys
from domain.outbox import models as outbox
from domain.portfolio import models as portfolio
from domain.risk import models as risk
from domain.settings import models as settings
from domain.signals import models as signals
from domain.strategies import models as strategies
from domain.trading import models as trading
from domain.trading import paper_models as paper
from domain.users import models as users

__all__ = [
    "Base",
    "access",
    "audit",
    "backtests",
    "bots",
    "chat",
    "jobs",
    "keys",
    "outbox",
    "paper",
    "portfolio",
    "risk",
    "settings",
    "signals",
    "strategies",
    "trading",
    "users",
]
