"""Functions that stop at each model call: ordinary code, paused in the middle of its work.

A sampler calls its model from deep inside; to stop it there and go on later it runs in a thread of
its own. Only one thread works at any time: `resume` returns when the run asks again or is done, so
nothing that the threads share can change under their hands.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import torch

KINDS = ("cuda", "cpu")  # of devices that autocast


class Abandoned(BaseException):
    """Ends a run that is no longer wanted."""


class Paused(threading.Thread):
    """A run that stops at each question until it is answered.

    Args:
        work: the run; it asks by calling `ask` of this object, in whatever depth.
        modes: what torch keeps for each thread, as the run is to have it (`modes`).

    Attributes:
        question: what the run waits for an answer to, None where it has ended.
        result: what `work` returned.
    """

    def __init__(self, work: Callable[[], Any], modes: Callable[[], Any] = nullcontext):
        super().__init__(daemon=True)
        self.work, self.modes = work, modes
        self.turn, self.back = threading.Lock(), threading.Lock()  # held while it is not its turn
        self.turn.acquire()
        self.back.acquire()
        self.context = contextvars.copy_context()
        self.question: Any = None
        self.result: Any = None
        self.answer: Any = None
        self.error: BaseException | None = None
        self.failure: BaseException | None = None

    def resume(self, answer: Any = None, error: BaseException | None = None) -> None:
        """Start the run, or answer its question, and wait for its next one or its end.

        Args:
            answer: to the question that it waits with.
            error: raised inside the run instead of an answer.

        Raises:
            BaseException: what the run raised.
        """
        self.answer, self.error, self.question = answer, error, None
        if self.ident is None:
            self.start()
        self.turn.release()
        self.back.acquire()
        self.answer = None
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure

    def run(self) -> None:
        self.turn.acquire()
        try:
            if self.error is None:
                with self.modes():
                    self.result = self.context.run(self.work)
        except Abandoned:
            pass
        except BaseException as error:
            self.failure = error
        finally:
            # these keep its data alive, and so do an exception's frames
            del self.work, self.error, self.context
            self.back.release()

    def ask(self, question: Any) -> Any:
        """Stop the run with a question, from inside, and return the answer."""
        self.question = question
        self.back.release()
        self.turn.acquire()
        if self.error is not None:
            raise self.error
        return self.answer

    def abandon(self) -> None:
        """End the thread, wherever it is; do nothing if it has ended or never started."""
        self.question = self.answer = None
        while self.is_alive():
            self.error = Abandoned()
            if self.turn.locked():
                self.turn.release()
            self.join(0.05)


def modes() -> Callable[[], Any]:
    """Capture torch's settings of this thread, as a `with` for another thread."""
    grad, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    if hasattr(torch, "get_autocast_dtype"):  # torch 2.4
        casts = {k: torch.get_autocast_dtype(k) for k in KINDS if torch.is_autocast_enabled(k)}
    else:
        casts = {"cuda": torch.get_autocast_gpu_dtype()} if torch.is_autocast_enabled() else {}
        if torch.is_autocast_cpu_enabled():
            casts["cpu"] = torch.get_autocast_cpu_dtype()
    stream = torch.cuda.current_stream() if torch.cuda.is_initialized() else None

    @contextmanager
    def entered() -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode(inference))
            stack.enter_context(torch.set_grad_enabled(grad))
            for kind, dtype in casts.items():
                stack.enter_context(torch.autocast(kind, dtype=dtype))
            if stream is not None:
                stack.enter_context(torch.cuda.stream(stream))
            yield

    return entered
