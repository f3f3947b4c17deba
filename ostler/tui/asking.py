"""A screen that asks questions in threads and takes the answers as messages."""

from collections.abc import Callable
from typing import Generic, TypeVar, cast

from textual import on
from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.worker import Worker, WorkerState

AnswerT = TypeVar("AnswerT")


def console_of(screen: MessagePump) -> App[None]:
    """The app that a screen belongs to."""
    return cast("App[None]", screen.app)  # pyright: ignore[reportUnknownMemberType]


class Asking(Screen[None], Generic[AnswerT]):
    """Questions run beside the screen; only its own handlers touch what it shows."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: dict[str, Worker[AnswerT]] = {}

    @property
    def console(self) -> App[None]:
        """The app that the screen belongs to."""
        return console_of(self)

    def ask(self, task: str, question: Callable[[], AnswerT]) -> None:
        """Ask in a thread; of several questions of one task only the latest is answered."""
        self._asked[task] = self.run_worker(question, thread=True, group=task, exclusive=True)

    def drop(self, task: str) -> None:
        """No longer want the answer to the question of a task."""
        self._asked.pop(task, None)

    def take(self, answer: AnswerT) -> None:
        """Make use of an answer."""
        raise NotImplementedError

    @on(Worker.StateChanged)
    def _answered(self, event: Worker.StateChanged) -> None:
        if event.state is not WorkerState.SUCCESS:
            return
        answered = cast("Worker[object]", event.worker)  # pyright: ignore[reportUnknownMemberType]
        for worker in self._asked.values():
            if worker is answered and worker.result is not None:
                self.take(worker.result)
                return
