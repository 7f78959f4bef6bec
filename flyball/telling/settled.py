"""How a run's endings and its receipt look in a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flyball.ledger.receipts import receipt_of
from flyball.telling.lines import UNKNOWN, action_line, amount, outcome, spent

if TYPE_CHECKING:
    from flyball.ledger import Receipt
    from flyball.records import Price, Run, Trajectory

ADHOC = "adhoc"
"""The suite of what was asked for in a call, and can be taken up again."""


def endings_at(run: Run, index: int) -> Iterator[str]:
    """Tell how the run had ended before the step at `index`, where it was taken up again."""
    for ending in run.endings:
        if ending.steps == index:
            how = ending.status if ending.status != "running" else "killed"
            by = f" by {ending.ended_by}" if ending.ended_by else ""
            why = f": {ending.reason}" if ending.reason else ""
            yield f"---  {how}{by}{why}; taken up again"


def ending_lines(run: Run, trajectory: Trajectory) -> Iterator[str]:
    """Tell how a run ended, what it took, and its receipt if it came to no end of its own."""
    yield outcome(run)
    if run.answer is not None:
        yield f"answer: {run.answer}"
    yield f"{len(trajectory.steps)} steps: {spent(trajectory.spend)}"
    if receipt := receipt_of(run, trajectory):
        yield from receipt_lines(receipt, run)


def receipt_lines(receipt: Receipt, run: Run) -> Iterator[str]:
    """Tell a receipt: the evidence, what was left undone, what going on was to cost."""
    if receipt.evidence:
        steps = ", ".join(map(str, receipt.evidence))
        yield f"on the evidence of step{'s' if len(receipt.evidence) > 1 else ''} {steps}"
    if receipt.undone is not None:
        yield f"left undone: {action_line(receipt.undone)}"
    yield f"going on was expected to cost: {_expected(receipt.expected)}"
    if run.task.suite == ADHOC:
        options = "--policy, --max-steps, --budget-joules, --budget-usd"
        yield f"flyball resume {run.id} takes it up again ({options})"


def receipt_record(receipt: Receipt | None) -> dict[str, Any] | None:
    """A receipt for programs; what is unknown is null."""
    if receipt is None:
        return None
    usage, price = receipt.spent.usage, receipt.expected
    unpriced = bool(usage.unpriced_requests)
    return {
        "by": receipt.by,
        "why": receipt.why,
        "evidence": list(receipt.evidence),
        "undone": None if receipt.undone is None else action_line(receipt.undone),
        "seconds": receipt.spent.seconds,
        "joules": receipt.spent.energy.joules,
        "usd": None if unpriced else float(usage.cost_usd),
        "tokens": usage.input_tokens + usage.output_tokens,
        "expected": None if price is None else _figures(price),
    }


def _figures(price: Price) -> dict[str, float | None]:
    return {
        "chance": price.chance,
        "joules": price.joules,
        "usd": price.usd,
        "seconds": price.seconds,
    }


def _expected(price: Price | None) -> str:
    if price is None:
        return "unknown, as nothing tells"
    chance = UNKNOWN if price.chance is None else f"{price.chance:.0%}"
    costs = f"{amount(price.joules, ' J')}, ${amount(price.usd)}, {amount(price.seconds, ' s')}"
    return f"{costs} more, with a chance of {chance} to succeed"
