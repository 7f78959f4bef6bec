"""What the goal says, and how much of it was seen, held and said."""

from __future__ import annotations

from collections.abc import Iterable

from flyball.monitors.learned.catalogue import Row
from flyball.monitors.learned.glances import COMMON, Glance, Goal, shared, telling

ARGUMENTS = ("text", "option", "answer", "query", "value", "content", "command")
"""Arguments that a goal may dictate."""


class Wanted:
    """Follows the words of one goal through a run."""

    def __init__(self, goal: Goal) -> None:
        self._goal = goal
        self._said: set[str] = set()
        self._facts_said: set[str] = set()
        self._quotes_said: set[str] = set()
        self._seen: float | None = None
        self._held: float | None = None
        self._best = -1.0
        self._best_age = 0

    def row(self, glance: Glance) -> Row:
        goal = self._goal
        if not goal.words:
            return {}
        seen, held, said = self._reached(glance)
        argument = dictated(glance)
        best = seen + (held or 0.0) + said > self._best
        return {
            "goal_said": said,
            "goal_seen": seen,
            "goal_seen_change": _less(seen, self._seen),
            "goal_held": held,
            "goal_held_change": _less(held, self._held),
            "held_in_goal": shared(glance.view.held, goal.words) if glance.view.elements else None,
            "facts_said": shared(goal.facts, self._facts_said | (glance.words & goal.facts)),
            "facts_seen": shared(goal.facts, glance.view.words),
            "goal_best_age": 0 if best else self._best_age + 1,
            "goal_in_action": shared(goal.words, glance.words),
            "action_in_goal": shared(glance.words, goal.words),
            "quotes_said": shared(goal.quotes, self._quotes_said | self._quotes(glance)),
            "argument_in_goal": None if argument is None else argument <= goal.words,
            "thought_unseen": shared(
                glance.thought, glance.thought - glance.view.words - goal.words
            ),
            "argument_seen": None if argument is None else argument <= glance.view.words,
            "goal_words": len(goal.words),
            **self._rivals(glance),
            **self._halves(glance, argument),
        }

    def absorb(self, glance: Glance) -> None:
        if not self._goal.words:
            return
        self._seen, self._held, said = self._reached(glance)
        reached = self._seen + (self._held or 0.0) + said
        self._best_age = 0 if reached > self._best else self._best_age + 1
        self._best = max(self._best, reached)
        self._said |= glance.words & self._goal.words
        self._facts_said |= glance.words & self._goal.facts
        self._quotes_said |= self._quotes(glance)

    def _rivals(self, glance: Glance) -> Row:
        """How the element and its row compare with others of its role, by the goal's words."""
        wanted, places = self._goal.words, glance.view.places
        number = str(glance.action.arguments.get("element"))
        if number not in places:
            return {}
        role, own = places[number]
        mine = len(wanted & own)
        rivals = (said for at, (its, said) in places.items() if at != number and its == role)
        rival = max((len(wanted & said) for said in rivals), default=None)
        return {
            "target_in_goal": mine / len(wanted),
            "rival_in_goal": None if rival is None else (rival - mine) / len(wanted),
        }

    def _halves(self, glance: Glance, argument: frozenset[str] | None) -> Row:
        """What meets a date, a name or a quote of the goal by half, or is none of the goal's."""
        goal, view = self._goal, glance.view
        said = goal.words | COMMON
        strange = [value for value in view.values if not value <= said]
        return {
            "values_strange": len(strange) / len(view.values) if view.values else None,
            "half_held": _half(goal.compounds, view.values) if view.values else None,
            "half_said": None if argument is None else _half(goal.compounds, (argument,)),
            "month_shown": shared(view.months, goal.months) if goal.months else None,
        }

    def _reached(self, glance: Glance) -> tuple[float, float | None, float]:
        """The share of the goal's words that is seen, that is held, and that was said."""
        wanted, view = self._goal.words, glance.view
        held = len(wanted & view.held) / len(wanted) if view.elements else None
        said = len(self._said | (glance.words & wanted)) / len(wanted)
        return len(wanted & view.words) / len(wanted), held, said

    def _quotes(self, glance: Glance) -> set[str]:
        said = glance.arguments.casefold()
        return {quote for quote in self._goal.quotes if quote in said}


def dictated(glance: Glance) -> frozenset[str] | None:
    """The words of the action's own argument; `None` where it has none."""
    given = glance.action.arguments
    said = [str(given[name]) for name in ARGUMENTS if name in given]
    return telling(" ".join(said)) if said else None


def _half(compounds: Iterable[frozenset[str]], values: Iterable[frozenset[str]]) -> float:
    """The largest share of a compound that a value says without the rest of it."""
    pairs = ((each, value) for each in compounds for value in values if not each <= value)
    return max((len(each & value) / len(each) for each, value in pairs), default=0.0)


def _less(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
