"""Make one priced decision out of what the monitors say and what earlier runs came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from flyball.errors import ConfigError
from flyball.monitors.bursts import Bursts, come_back, stints
from flyball.monitors.chains import Cell, foresee
from flyball.monitors.expectations import Choice, Expectations, risk_of
from flyball.monitors.governors import sternest
from flyball.monitors.outlooks import COSTS, UNKNOWN, Outlook
from flyball.records import Currency, Decision, Price, Ruling, Trajectory, Verdict

Preference = Literal["success", "balanced", "energy"]
WORTH: dict[Preference, float] = {"energy": 2.0, "balanced": 10.0, "success": 100.0}
"""What a failed task is priced at, in whole runs of the strong policy."""
MARKS: dict[Currency, str] = {"joules": " J", "usd": " $"}


@dataclass(frozen=True, kw_only=True)
class Priced:
    """Take the ruling with the least expected loss: what is still spent, and failure at its price.

    Learned monitors are taken at their scores. What other monitors rule is followed as `Strictest`
    follows it, and so is a ruling that nothing is known to price by. Going on is priced with the
    best that can be done at each later step, where the table has chains to look ahead by: help
    that can still be called in later need not be called in now. An escalation is priced as if it
    were for good, and leaves again as `bursts` says. A run that the strong policy does not save
    either is given up, as far as the table promises that this costs next to no success.
    """

    expectations: Expectations
    strong: str | None = None
    """Whom to call in; without one nobody is."""
    prefer: Preference = "balanced"
    """What a failed task is priced at, where neither of the next two says so."""
    failed_task_joules: float | None = None
    failed_task_usd: float | None = None
    hysteresis: float = 0.1
    """How much less than going on another ruling has to come to, as a share."""
    confidence: float = 0.8
    """Verdicts that are less sure than this are not followed."""
    give_up: bool = True
    """Whether a run that the strong policy drives is stopped where `Expectations.give_up` says.

    Most of what the strong policy takes goes into runs that it loses too, and a price alone does
    not end them: where few runs tell, a cell of the table leans on its neighbours."""
    bursts: Bursts = Bursts()
    name: str = "priced"

    def __post_init__(self) -> None:
        if self.failed_task_joules is not None and self.failed_task_usd is not None:
            raise ConfigError("a failed task has one price: in joules or in dollars")
        if not 0 <= self.hysteresis < 1:
            raise ConfigError("hysteresis is a share, from 0 to 1")

    def decide(self, trajectory: Trajectory, verdicts: Sequence[Verdict]) -> Decision:
        prices = self.prices(trajectory, verdicts)
        priced = {price.ruling for price in prices if price.figure is not None}
        followed = [each for each in verdicts if each.score is None or each.ruling not in priced]
        decision = sternest(followed, self.confidence)
        why = self._hopeless(trajectory, verdicts)
        # That a policy is stuck, and is to try another way, does not keep it going either.
        if why and decision.ruling.severity < Ruling.ASK.severity:
            decision = Decision(ruling=Ruling.STOP, reason=why, by=self.name)
        elif decision.ruling is Ruling.CONTINUE and Ruling.CONTINUE in priced:
            decision = self._cheapest(prices)
        return come_back(trajectory, replace(decision, prices=prices), self.bursts)

    def prices(self, trajectory: Trajectory, verdicts: Sequence[Verdict]) -> tuple[Price, ...]:
        """What each ruling on the last step is expected to come to, mildest first."""
        outlooks = self._outlooks(trajectory, verdicts)
        return tuple(self._price(ruling, outlooks.get(ruling, UNKNOWN)) for ruling in Ruling)

    def _hopeless(self, trajectory: Trajectory, verdicts: Sequence[Verdict]) -> str:
        """Why the strong policy, which was called in, is given up; empty where it is not."""
        rule, risk, last = self.expectations.give_up, risk_of(verdicts), trajectory.last
        away = last.policy == self.strong != trajectory.steps[0].policy
        if not self.give_up or rule is None or risk is None or not away or last.action.is_final:
            return ""
        own = stints(trajectory.steps)[-1].steps
        if risk < rule.threshold or own <= rule.earliest:
            return ""
        return (
            f"stop: the risk is {risk:.1%}, and {last.policy} is given up from"
            f" {rule.threshold:.1%} on, where {rule.lost} of {rule.successes} runs came that it won"
        )

    def _outlooks(
        self, trajectory: Trajectory, verdicts: Sequence[Verdict]
    ) -> dict[Ruling, Outlook]:
        last, risk, table = trajectory.last, risk_of(verdicts), self.expectations
        step = len(trajectory.steps) - 1
        stop = {} if last.action.is_final else {Ruling.STOP: NOTHING}
        if last.policy != trajectory.steps[0].policy:
            own = stints(trajectory.steps)[-1].steps - 1
            return stop | {Ruling.CONTINUE: self._ahead("strong", table.cell(own, risk))}
        here = table.cell(step, risk)
        mine, called = self._ahead("small", here), self._called(here)
        known = stop | {Ruling.CONTINUE: mine, Ruling.ESCALATE: called}
        if last.verified:
            known[Ruling.CONTINUE] = self._passed(mine, _milestone(verdicts))
        if last.observation.source != "governor":  # an action is not handed back twice in a row
            known[Ruling.REVISE] = table.look("revise", step, risk)
        if last.verified is None:
            known[Ruling.VERIFY] = self._checked(mine, called, _milestone(verdicts))
        return known

    def _ahead(self, choice: Choice, here: Cell) -> Outlook:
        """What going on comes to, with what may still be done later on where the table tells."""
        foreseen = self._foreseen.get(choice, {}).get(here)
        return foreseen or self.expectations.at(choice, here)

    @cached_property
    def _foreseen(self) -> Mapping[Choice, Mapping[Cell, Outlook]]:
        def helped(cell: Cell) -> Sequence[Outlook]:
            return [NOTHING, self._called(cell)]

        def stopped(_: Cell) -> Sequence[Outlook]:
            return [NOTHING]

        ways: Mapping[Choice, Callable[[Cell], Sequence[Outlook]]]
        ways = {"small": helped, "strong": stopped}
        return {
            choice: foresee(rows, ways[choice], self._figure)
            for choice, rows in self.expectations.chains.items()
            if choice in ways
        }

    def _called(self, here: Cell) -> Outlook:
        if self.strong is None:
            return UNKNOWN
        table = self.expectations
        called = table.at("call", here)
        extra = {name: getattr(table.switch, name) or 0.0 for name in COSTS}
        return _sum(called, [(1.0, called), (1.0, replace(NOTHING, **extra))])

    def _checked(self, mine: Outlook, called: Outlook, milestone: float | None) -> Outlook:
        """What a check comes to, which calls the strong policy in where the work does not pass.

        Only at a milestone is there something to check: off it, a check catches nothing.
        """
        check = self.expectations.check
        known = (mine.chance, called.chance, check.catches, check.false_alarms, milestone)
        if None in known:
            return UNKNOWN
        right, strong, catches, alarms, reached = (each or 0.0 for each in known)
        flagged = (1 - right) * catches * reached + right * alarms
        costs = Outlook(joules=check.joules, usd=check.usd, seconds=check.seconds)
        parts = [(1.0, costs), (1 - flagged, mine), (flagged, called)]
        return replace(_sum(mine, parts), chance=right * (1 - alarms) + flagged * strong)

    def _passed(self, mine: Outlook, milestone: float | None) -> Outlook:
        """What going on comes to once the work has passed a check (Bayes' rule)."""
        check = self.expectations.check
        if mine.chance is None or check.catches is None or check.false_alarms is None:
            return mine
        right = mine.chance * (1 - check.false_alarms)
        wrong = (1 - mine.chance) * (1 - check.catches * (milestone or 0.0))
        return replace(mine, chance=right / (right + wrong)) if right + wrong else mine

    def _price(self, ruling: Ruling, outlook: Outlook) -> Price:
        figure = self._figure(outlook)
        return Price(
            ruling=ruling,
            chance=outlook.chance,
            joules=outlook.joules,
            usd=outlook.usd,
            seconds=outlook.seconds,
            figure=figure,
            currency=self._worth()[0] if figure is not None else None,
        )

    def _figure(self, outlook: Outlook) -> float | None:
        """What is still spent, and failure at its price."""
        currency, worth = self._worth()
        cost = None if currency is None else getattr(outlook, currency)
        if worth is None or outlook.chance is None or cost is None:
            return None
        return (1 - outlook.chance) * worth + float(cost)

    def _worth(self) -> tuple[Currency | None, float | None]:
        """The price of a failed task, in joules where they are known, if nobody says how."""
        if self.failed_task_joules is not None:
            return "joules", self.failed_task_joules
        if self.failed_task_usd is not None:
            return "usd", self.failed_task_usd
        whole = self.expectations.overall("call" if self.strong else "small")
        if whole.joules is not None:
            return "joules", WORTH[self.prefer] * whole.joules
        return ("usd", WORTH[self.prefer] * whole.usd) if whole.usd is not None else (None, None)

    def _cheapest(self, prices: Sequence[Price]) -> Decision:
        figures = {each.ruling: each.figure for each in prices if each.figure is not None}
        by_ruling = {each.ruling: each for each in prices}
        going_on = figures[Ruling.CONTINUE]
        least = min(figures, key=lambda ruling: (figures[ruling], ruling.severity))
        if figures[least] >= going_on * (1 - self.hysteresis):
            least = Ruling.CONTINUE
        reason = _told(by_ruling[least])
        if least is not Ruling.CONTINUE:
            reason += f"; going on {_told(by_ruling[Ruling.CONTINUE])}"
        currency, worth = self._worth()
        if currency and worth is not None:
            reason += f"; a failed task is priced at {worth:.3g}{MARKS[currency]}"
        policy = self.strong if least is Ruling.ESCALATE else None
        # Whoever has to revise an action is told this, and prices alone would tell it nothing.
        told = "it is likely to fail; try another way" if least is Ruling.REVISE else str(least)
        return Decision(ruling=least, reason=f"{told}: {reason}", policy=policy, by=self.name)


NOTHING = Outlook(chance=0.0, joules=0.0, usd=0.0, seconds=0.0)


def _milestone(verdicts: Sequence[Verdict]) -> float | None:
    """The chance that a part of the goal has just been reached."""
    return next((each.score for each in verdicts if each.monitor == "milestone"), None)


def _sum(chance: Outlook, parts: Sequence[tuple[float, Outlook]]) -> Outlook:
    """The costs of `parts`, each with its chance to come about; one unknown makes all unknown."""
    costs = dict[str, float | None]()
    for name in COSTS:
        each = [(share, getattr(part, name)) for share, part in parts]
        unknown = any(cost is None for _, cost in each)
        costs[name] = None if unknown else sum(share * cost for share, cost in each)
    return Outlook(chance=chance.chance, runs=chance.runs, **costs)


def _told(price: Price) -> str:
    """Tell a price in words; only one with a figure is told."""
    mark = MARKS[price.currency or "joules"]
    more = getattr(price, price.currency or "joules")
    return f"{price.figure:.3g}{mark}, {price.chance:.0%} to succeed for {more:.3g}{mark} more"
