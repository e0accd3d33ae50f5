"""A worker one can listen to, and a platform that takes its time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.worker import Worker
from channels.contract import Notice, Receipt
from tests.cast import Cast, Pigeons

PATIENCE = 10.0  # seconds after which a test that waits has failed
NEVER = 60.0  # the longest tick a process may be set to: a test that waited for one would have failed long before


class Heard(Worker):
    """Counts its rounds: ``round_of`` waits until a job has been done once more from now on."""

    def __init__(self, cast: Cast) -> None:
        super().__init__(cast.hotline)
        self.done: Counter[str] = Counter()
        self.breaks: set[str] = set()
        self._changed = threading.Condition()

    def sweep(self) -> None:
        self._do("sweep", super().sweep)

    def deliver(self) -> None:
        self._do("deliver", super().deliver)

    def take_in_pending(self) -> None:
        self._do("take_in_pending", super().take_in_pending)

    def beat(self) -> None:
        self._do("beat", super().beat)

    def _do(self, name: str, job: Callable[[], None]) -> None:
        try:
            if name in self.breaks:
                raise RuntimeError(f"{name} is broken")
            job()
        finally:
            with self._changed:
                self.done[name] += 1
                self._changed.notify_all()

    def round_of(self, *names: str) -> bool:
        """Each of these jobs was begun and ended after this call."""
        with self._changed:
            goal = {name: self.done[name] + 2 for name in names}
        return self.has_done(goal)

    def has_done(self, goal: dict[str, int]) -> bool:
        """Each of these jobs has been done so many times."""
        with self._changed:
            return self._changed.wait_for(lambda: all(self.done[name] >= goal[name] for name in goal), PATIENCE)


@contextmanager
def running(cast: Cast) -> Iterator[Heard]:
    worker = Heard(cast)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


@contextmanager
def woken_only(cast: Cast) -> Iterator[Heard]:
    """A worker whose metronome is out of the game, once it has done what a starting one does at once."""
    assert cast.hotline.settings.tick_seconds == NEVER
    with running(cast) as worker:
        assert worker.has_done({"sweep": 1, "deliver": 1, "take_in_pending": 1, "beat": 1})
        yield worker


class SlowPigeons(Pigeons):
    """A platform that does not answer until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let_go = threading.Event(), threading.Event()

    def send(self, notice: Notice) -> Receipt:
        self.asked.set()
        assert self.let_go.wait(PATIENCE)
        return super().send(notice)
