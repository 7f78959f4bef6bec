"""A run as it is watched: its steps so far, and what the panel beside them says of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.text import Text

from flyball.records import Budget, Spend, Trajectory
from flyball.telling.lines import UNKNOWN, amount
from flyball.telling.settled import ending_lines
from flyball.tui.drawing import chart, gauge, spark

if TYPE_CHECKING:
    from flyball.records import Run, Step, Verdict
    from flyball.steering import Standing

GAUGE, HISTORY = 12, 12
NEAR = 0.8
"""The share of a budget from which it is warned of."""


@dataclass(kw_only=True)
class Watched:
    """A run, its steps, and the sums up to each of them."""

    run: Run | None = None
    steps: list[Step] = field(default_factory=list)
    sums: list[Spend] = field(default_factory=list)
    powers: list[float | None] = field(default_factory=list)
    """The mean power of each step in watts."""

    def add(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.sums.append((self.sums[-1] if self.sums else Spend()) + step.spend)
            self.steps.append(step)
            self.powers.append(_watts(step.spend))

    def scores(self, monitor: str, index: int) -> list[float | None]:
        """What a monitor said at each of the last steps up to `index`."""
        return [
            next((each.score for each in step.verdicts if each.monitor == monitor), None)
            for step in self.steps[max(index + 1 - HISTORY, 0) : index + 1]
        ]

    def watts(self, index: int, last: int) -> list[float | None]:
        """The mean power of each of the `last` steps up to `index`; `None` where unknown."""
        return self.powers[max(index + 1 - last, 0) : index + 1]


def panel(watched: Watched, index: int, width: int, height: int) -> Text:
    """The panel for the step at `index`: totals, monitors, the ruling, and the power over time."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if not watched.steps:
        text.append("\n".join(_without_steps(watched.run)) + "\n", "dim")
        return text
    step, spend = watched.steps[index], watched.sums[index]
    budget = watched.run.task.budget if watched.run else Budget()
    for line in (*totals(spend, index + 1, budget), *_monitors(watched, index, width)):
        text.append_text(line).append("\n")
    text.append_text(ruling(step)).append("\n")
    left = height - str(text).count("\n")
    text.append_text(power(watched, index, width, max(min(left - 1, 5), 1)))
    return text


def _without_steps(run: Run | None) -> list[str]:
    """What is said of a run that has no step, which may be over all the same."""
    if run is None or run.status == "running":
        return ["no step yet"]
    return list(ending_lines(run, Trajectory(task=run.task)))


def totals(spend: Spend, steps: int, budget: Budget) -> Iterator[Text]:
    """What was taken so far, against its ceilings."""
    usage = spend.usage
    usd = None if usage.unpriced_requests else float(usage.cost_usd)
    ceiling = None if budget.cost_usd is None else float(budget.cost_usd)
    yield (
        _against("steps", float(steps), budget.steps, "")
        + Text("  ")
        + _against("time", spend.seconds, budget.seconds, " s")
    )
    joules = _against("energy", spend.energy.joules, budget.joules, " J")
    yield joules + Text(f" {spend.energy.joules_method or ''}", "dim")
    tokens = f"  tokens {usage.input_tokens:,} in"
    yield (
        _against("cost $", usd, ceiling, "")
        + Text(tokens)
        + _against(" out", float(usage.output_tokens), budget.output_tokens, "")
    )


def _against(name: str, value: float | None, ceiling: float | None, unit: str) -> Text:
    text = Text(f"{name} {amount(value, unit)}")
    if ceiling is None:
        return text
    share = 0.0 if value is None else value / ceiling if ceiling else 1.0
    text.append(f" of {amount(ceiling)}")
    look = "bold red" if share >= 1 else "bold yellow" if share >= NEAR else ""
    text.append(f" {gauge(share, None, 6)}{' !' if share >= NEAR else ''}", look)
    return text


def _monitors(watched: Watched, index: int, width: int) -> Iterator[Text]:
    for verdict in watched.steps[index].verdicts:
        yield monitor_line(verdict, watched.scores(verdict.monitor, index), width)


def monitor_line(verdict: Verdict, history: Sequence[float | None], width: int) -> Text:
    """One monitor: its score against its threshold, how that went, and what it says."""
    text = Text(f"{verdict.monitor[:15]:15s} ")
    if verdict.score is not None:
        limit = UNKNOWN if verdict.threshold is None else f"{verdict.threshold:.2f}"
        text.append(f"{verdict.score:.2f}/{limit} {gauge(verdict.score, verdict.threshold, GAUGE)}")
        text.append(f" {spark(history, HISTORY, 1.0)} ")
    said, look = _said(verdict)
    text.append(said, look)
    text.truncate(width, overflow="ellipsis")
    return text


def _said(verdict: Verdict) -> tuple[str, str]:
    if verdict.error is not None:
        return f"broke: {verdict.error}", "red"
    if verdict.shadow is not None:
        return f"(shadow) {verdict.shadow}: {verdict.reason}", "italic"
    if verdict.ruling == "continue":
        return "ok", "dim"
    return f"{verdict.ruling}! {verdict.reason}", "bold"


def ruling(step: Step) -> Text:
    """What was made of the verdicts, by whom, and why."""
    decision = step.decision
    by = decision.by
    if decision.ruling == "continue" and not decision.reason:
        by = "nobody objects"
    text = Text(f"→ {decision.ruling}", "bold" if decision.ruling != "continue" else "")
    text.append(f" ({by})").append(f" {decision.reason}" if decision.reason else "")
    if given := step.hand_over:
        text.append(f"; {given.giver} → {given.taker}")
    return text


def power(watched: Watched, index: int, width: int, height: int) -> Text:
    """The mean power of each step, the newest on the right."""
    watts = watched.watts(index, max(width - 2, 1))
    newest = watts[-1] if watts else None
    text = Text(f"power {amount(newest, ' W')} mean of the step; most ")
    text.append(amount(max((each for each in watts if each is not None), default=None), " W"))
    for line in chart(watts, width - 2, height):
        text.append(f"\n{line}")
    return text


def head(watched: Watched, standing: Standing | None, waiting: str, replay: str) -> Text:
    """The two lines on top: the task, and how the run stands."""
    run = watched.run
    if run is None:
        return Text(waiting)
    text = Text(run.task.prompt, "bold", no_wrap=True, overflow="ellipsis").append("\n", "not bold")
    state = {"running": "● running", "finished": "■ finished", "stopped": "■ stopped"}
    text.append(state.get(run.status, "■ broke"), "not bold")
    if run.status == "running":
        text.append(f", {_held(standing)}", "not bold")
    else:
        won = {True: " ✓ won", False: " ✗ lost", None: ""}[run.success]
        text.append(f"{won} by {run.ended_by}: {run.reason}", "not bold")
    text.append(f"  {replay}", "not bold")
    return text


def _held(standing: Standing | None) -> str:
    if standing is None:
        return "followed through the ledger (it takes no orders from here)"
    if standing.stopping:
        return "stopping"
    if standing.waiting:
        return f"WAITS for your {standing.waiting}"
    if standing.wheel:
        return "you drive"
    return f"{'PAUSED, ' if standing.paused else ''}{standing.driver} drives"


def _watts(spend: Spend) -> float | None:
    joules = spend.energy.joules
    return joules / spend.seconds if joules is not None and spend.seconds > 0 else None
