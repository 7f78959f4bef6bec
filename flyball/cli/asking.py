"""Asking the person at the terminal whether a step may be taken."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from flyball.monitors.approvals import Kind
    from flyball.records import Decision, Step


ASKED = "  [o]nce, [a]lways for this run, [r]efuse, [n]ever in this run"


@dataclass(kw_only=True)
class Asking:
    """Asks the person at the terminal, and remembers what is allowed for the whole run."""

    asks: Sequence[Kind]
    allowed: set[Kind] = field(default_factory=set)
    denied: set[Kind] = field(default_factory=set)

    async def __call__(self, step: Step) -> Decision:
        import asyncio

        from flyball.agents import nobody
        from flyball.agents.coding import refused
        from flyball.monitors.approvals import kinds_of
        from flyball.records import Decision

        kinds = [kind for kind in kinds_of(step.action) if kind in self.asks]
        if kinds and self.allowed >= set(kinds):
            return Decision(reason="allowed for this run", by="human")
        if self.denied & set(kinds):
            return refused(step)
        if not sys.stdin.isatty():
            return await nobody(step)
        answer = await asyncio.to_thread(_asked, step)
        if answer == "a":
            self.allowed |= set(kinds)
        if answer in ("o", "a"):
            return Decision(reason="allowed", by="human")
        if answer == "n":
            self.denied |= set(kinds)
        return refused(step)


def _asked(step: Step) -> str:
    typer.echo(f"\n  {step.action.arguments.get('command', step.action.tool)}")
    typer.echo(f"  {step.decision.reason}. Allow it?")
    while True:
        answer = str(typer.prompt(ASKED, default="r"))
        if answer[:1].lower() in ("o", "a", "r", "n"):
            return answer[:1].lower()
