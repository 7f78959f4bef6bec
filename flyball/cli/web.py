"""A run of the web agent, from the command line: its browser, its crew, what is printed of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from flyball.cli.helmed import helmed
from flyball.cli.options import waited
from flyball.errors import FlyballError

if TYPE_CHECKING:
    from flyball.agents import Begun, Crew
    from flyball.config import Config
    from flyball.ledger import Ledger
    from flyball.records import Budget, Observation, Run, Trajectory
    from flyball.roles import Sink, Verifier
    from flyball.tools.browser import Browser, BrowserOptions

HOSTS = "allow_hosts"
"""The key in a task's metadata, where hosts stand with commas between."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was asked for on the command line."""

    task: str
    url: str
    policy: str
    strong: str | None
    budget: Budget
    seed: int | None
    expect: str | None
    allow_hosts: tuple[str, ...]
    headless: bool
    kept: Mapping[str, str]
    """What the metadata keep besides."""

    @property
    def marks(self) -> dict[str, str]:
        """What the task's metadata keep, for the run to be taken up again."""
        given = {"url": self.url, "expect": self.expect, HOSTS: ",".join(self.allow_hosts)}
        return {**self.kept, **{name: value for name, value in given.items() if value}}


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A run that is taken up again, and its steps."""

    run: Run
    trajectory: Trajectory


def watched(
    order: Order,
    config: Config,
    ledger: Ledger,
    *,
    earlier: Earlier | None = None,
    as_json: bool = False,
) -> None:
    """Carry `order` out, print each step and how it ended, and end with the code for that."""
    from flyball.cli.promises import drift_notices
    from flyball.cli.show import print_outcome, print_run_json, print_step

    sink: Sink = (lambda step: None) if as_json else print_step
    began = datetime.now(UTC)
    try:
        ended = waited(carry_out(order, config, ledger, sink, earlier))
    except (KeyboardInterrupt, FlyballError):
        for broken in _broken_off(ledger, began, earlier) if not as_json else ():
            print_outcome(broken, ledger.trajectory(broken.id))
        raise
    if as_json:
        print_run_json(ledger, ended.id)
    else:
        print_outcome(ended, ledger.trajectory(ended.id))
        for line in drift_notices(config, ledger, order.policy, ended.agent):
            typer.echo(f"flyball: {line}", err=True)
    if ended.success is False or ended.status != "finished" or ended.gave_up:
        raise typer.Exit(1)


def _broken_off(ledger: Ledger, began: datetime, earlier: Earlier | None) -> Sequence[Run]:
    """The run that was broken off, if it had got as far as the ledger."""
    if earlier is None:
        return [run for run in ledger.runs(limit=1) if run.started_at >= began]
    run = ledger.run(earlier.run.id)
    return [run] if len(run.endings) > len(earlier.run.endings) else []


def browser_options(config: Config) -> BrowserOptions:
    """How `[browser]` has the browser started and read."""
    from flyball.tools.browser import BrowserOptions

    told = config.browser
    return BrowserOptions(
        executable=str(told.executable) if told.executable else None,
        headless=told.headless,
        allow_hosts=told.allow_hosts,
        timeout_seconds=told.timeout_seconds,
        viewport=told.viewport,
        budget_tokens=told.budget_tokens,
        sandbox=told.sandbox,
    )


async def carry_out(
    order: Order, config: Config, ledger: Ledger, sink: Sink, earlier: Earlier | None = None
) -> Run:
    """Open a browser, run the agent in it, and write the run down.

    An `earlier` run is gone on with, from the address of `order`.
    """
    from flyball.agents import assemble, attempt, mcp_servers, open_meter, open_policies
    from flyball.tools.browser import Browser, folders_of
    from flyball.tools.extra import open_tools

    names = [order.policy, *([order.strong] if order.strong else [])]
    options = browser_options(config)
    browser = Browser(
        replace(
            options,
            headless=order.headless,
            allow_hosts=(*options.allow_hosts, *order.allow_hosts),
            readable=folders_of(order.url),
        )
    )
    async with open_tools(config.run.tools, mcp_servers(config)) as more:
        tools = {**browser.tools, **more}
        specs = [tool.spec for tool in tools.values()]
        warmth = config.run.temperature
        with open_policies(config, names, specs, seed=order.seed, temperature=warmth) as policies:
            async with browser:
                first = await browser.open(order.url)
                crew = assemble(
                    config, policies, tools, meter=open_meter(config), strong=order.strong
                )
                run, first, begun = _begin(order, crew, first, earlier)

                async def score(ended: Run) -> float | None:
                    if order.expect is None:
                        return None
                    return float(order.expect in await browser.text())

                crew = replace(crew, sink=sink, world=browser)
                crew = replace(crew, verifier=_verifier(order, config, browser, crew))
                async with helmed(run, crew, browser.picture) as crew:
                    return await attempt(
                        run, crew, ledger, observation=first, score=score, begun=begun
                    )


def _begin(
    order: Order, crew: Crew, seen: Observation, earlier: Earlier | None
) -> tuple[Run, Observation, Begun]:
    """The record of a new run or of one that goes on, what is shown first, and what was done."""
    from flyball.agents import Begun, first_look, new_run, taken_up
    from flyball.records import Task

    if earlier is None:
        task = Task(
            id=slug(order.task), prompt=order.task, budget=order.budget, metadata=order.marks
        )
        run = new_run(task, crew, agent="web", policy=order.policy, strong=order.strong)
        return replace(run, seed=order.seed), seen, Begun()
    run, trajectory = earlier.run, earlier.trajectory
    again = taken_up(run, trajectory, crew, policy=order.policy, budget=order.budget)
    return again, first_look(run, trajectory, seen), Begun(done=trajectory.steps)


def _verifier(order: Order, config: Config, browser: Browser, crew: Crew) -> Verifier:
    """The crew's own, or the task's checker, which can tell nothing until the policy answers."""
    from flyball.agents.verifiers import CheckerVerifier

    if config.tables.governor.verifier != "checker":
        return crew.verifier

    async def check(trajectory: Trajectory) -> bool | None:
        if order.expect is None or not trajectory.last.action.is_final:
            return None
        return order.expect in await browser.text()

    return CheckerVerifier(check=check, strong=order.strong)


def slug(text: str) -> str:
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return "-".join(words)[:60] or "task"
