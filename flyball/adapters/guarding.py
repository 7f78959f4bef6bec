"""A function that carries actions out, with each call judged before it is made."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flyball.errors import StoppedError
from flyball.records import Action, Observation, Ruling, Step

if TYPE_CHECKING:
    from flyball.adapters.supervisor import Supervisor

Call = TypeVar("Call", bound=Callable[..., Any])

UNVERIFIED = "nothing can be verified in this loop"


def guarded(supervisor: Supervisor, call: Call) -> Call:
    """Wrap `call`: its name is the tool, its arguments are the action's, its result is seen next.

    What it raises is seen as a failure, and raised.
    """
    guard = _Guard(supervisor, call)
    wrapped: Callable[..., Any]
    if inspect.iscoroutinefunction(call):

        @functools.wraps(call)
        async def _later(*args: Any, **kwargs: Any) -> Any:
            step = await supervisor.areview(guard.seen, guard.action(args, kwargs))
            if (refusal := guard.refusal(step)) is not None:
                return refusal
            with guard:
                return guard.told(await call(*args, **kwargs))

        wrapped = _later
    else:

        @functools.wraps(call)
        def _now(*args: Any, **kwargs: Any) -> Any:
            step = supervisor.review(guard.seen, guard.action(args, kwargs))
            if (refusal := guard.refusal(step)) is not None:
                return refusal
            with guard:
                return guard.told(call(*args, **kwargs))

        wrapped = _now
    return cast("Call", wrapped)


class _Guard:
    """What was seen last, and the obeying of what is ruled."""

    def __init__(self, supervisor: Supervisor, call: Callable[..., Any]) -> None:
        self.seen = Observation(source="task", text=supervisor.trajectory.task.prompt)
        self._supervisor = supervisor
        self._name = getattr(call, "__name__", "call")
        self._signature = inspect.signature(call)

    def action(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Action:
        bound = self._signature.bind(*args, **kwargs)
        return Action(tool=self._name, arguments=dict(bound.arguments))

    def refusal(self, step: Step) -> str | None:
        """What is said in place of a result; `None` where the call may be made."""
        match step.decision.ruling:
            case Ruling.CONTINUE:
                return None
            case Ruling.VERIFY:
                self._supervisor.unobeyed(UNVERIFIED)
                return None
            case Ruling.REVISE | Ruling.ESCALATE:
                why = f"not carried out: {step.decision.reason}"
                self.seen = Observation(source="governor", text=why, ok=False)
                return why
            case Ruling.STOP | Ruling.ASK:
                self._supervisor.close()
                raise StoppedError(self._supervisor.receipt())

    def told(self, result: Any) -> Any:
        self.seen = Observation(source=self._name, text=str(result))
        return result

    def __enter__(self) -> None:
        """Begin the call."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._supervisor.acted()
        if error is not None:
            self.seen = Observation(source=self._name, text="", ok=False, note=repr(error))
