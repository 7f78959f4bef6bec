"""An exercise being worked on in this process: what the coding agent's tools do, without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flyball.bench.code.exercise import Exercise
from flyball.bench.code.judging import Case, Outcome, told
from flyball.bench.code.running import guarded
from flyball.records import Action
from flyball.tools.source import UNTESTED, EditError, Failure, numbered, replaced, results

Testing = Callable[[str, Sequence[Case]], list[Outcome]]


class Desk:
    """Holds the source, what it was before each edit, and what its tests said."""

    def __init__(self, exercise: Exercise, testing: Testing = guarded) -> None:
        self._cases, self._testing = exercise.visible, testing
        self._sources = [exercise.source]
        self._told: dict[str, list[str]] = {}

    @property
    def source(self) -> str:
        return self._sources[-1]

    @property
    def lines(self) -> list[str]:
        """The numbered source, and what a run of the tests on just this source said."""
        return numbered(self.source) + self._told.get(self.source, [UNTESTED])

    def act(self, action: Action) -> bool:
        """Carry out `replace`, `test` or `revert`; gives whether that could be done."""
        match action.tool:
            case "replace":
                return self._replace(action)
            case "test":
                self._test()
            case "revert" if len(self._sources) > 1:
                self._sources.pop()
            case _:
                return False
        return True

    def _replace(self, action: Action) -> bool:
        line, old, new = (action.arguments[name] for name in ("line", "old", "new"))
        try:
            self._sources.append(replaced(self.source, int(str(line)), str(old), str(new)))
        except EditError:
            return False
        return True

    def _test(self) -> None:
        made = self._testing(self.source, self._cases)
        failures = [
            Failure(told(case.call), told(case.expected), outcome.got)
            for case, outcome in zip(self._cases, made, strict=True)
            if not outcome.passed
        ]
        self._told[self.source] = results(len(made) - len(failures), failures)
