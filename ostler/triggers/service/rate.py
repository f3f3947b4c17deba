"""How often one sender may send: a bucket that fills evenly, per address."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

_SENDERS = 10_000
"""Senders that are remembered; the one that was quiet longest is forgotten first."""


@dataclass
class Rate:
    """Lets each sender send so many requests per minute, and as many at once."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(
        default_factory=OrderedDict[str, tuple[float, float]]
    )

    def wait(self, sender: str) -> float:
        """0 when the sender may send now, which is counted; else the seconds until it may."""
        now = self.clock()
        left, then = self._left.pop(sender, (float(self.per_minute), now))
        left = min(float(self.per_minute), left + (now - then) * self.per_minute / 60)
        may = left >= 1
        self._left[sender] = (left - 1 if may else left, now)
        if len(self._left) > _SENDERS:
            self._left.popitem(last=False)
        return 0.0 if may else (1 - left) * 60 / self.per_minute
