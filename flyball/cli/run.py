"""`flyball run`: one task, one agent, watched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.cli.options import (
    GrammarOption,
    JsonOption,
    LedgerOption,
    PolicyOption,
    WatchOption,
    open_ledger,
    stoppable,
    waited,
)
from flyball.errors import ConfigError

if TYPE_CHECKING:
    from flyball.agents import Crew
    from flyball.config import Config
    from flyball.ledger import Ledger
    from flyball.records import Budget, Run, Trajectory
    from flyball.roles import Sink, Verifier
    from flyball.tools.browser import Browser

AGENTS = ("web",)


class Preference(StrEnum):
    """What a failed task is worth."""

    SUCCESS = "success"
    BALANCED = "balanced"
    ENERGY = "energy"


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


def run(  # noqa: PLR0913 - one parameter an option
    task: Annotated[str, typer.Argument(help="What the agent is to do, in a sentence.")],
    agent: Annotated[str, typer.Option(help="The kind of agent: web.")] = "web",
    url: Annotated[str | None, typer.Option(help="The page to begin at.")] = None,
    policy: PolicyOption = None,
    strong: Annotated[str | None, typer.Option(help="The model to escalate to.")] = None,
    prefer: Annotated[
        Preference | None,
        typer.Option(help="Price each step, after what is preferred.", show_default=False),
    ] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Ceiling of steps.")] = None,
    budget_joules: Annotated[float | None, typer.Option(min=0, help="Ceiling of energy.")] = None,
    budget_usd: Annotated[float | None, typer.Option(min=0, help="Ceiling of cost.")] = None,
    grammar: GrammarOption = None,
    seed: Annotated[int | None, typer.Option(help="Seed for a model that samples.")] = None,
    expect: Annotated[
        str | None, typer.Option(help="Text that the last page must show: checks the outcome.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A host that may be opened besides the URL's.")
    ] = None,
    ledger: LedgerOption = None,
    watch: WatchOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run an agent on a task, under supervision."""
    from flyball.cli.promises import drift_notices
    from flyball.cli.show import print_outcome, print_run_json, print_step
    from flyball.config import load_config

    if agent not in AGENTS:
        raise ConfigError(f"no agent is called {agent!r}; there are: {', '.join(AGENTS)}")
    if url is None:
        raise ConfigError("the web agent needs a page to begin at; add --url ADDRESS")
    config = load_config().with_grammar(grammar).with_preference(prefer)
    ceilings = config.budget()
    order = Order(
        task=task,
        url=url,
        policy=policy or config.run.policy,
        strong=strong or config.run.strong,
        budget=replace(
            ceilings,
            steps=max_steps or ceilings.steps,
            joules=ceilings.joules if budget_joules is None else budget_joules,
            cost_usd=ceilings.cost_usd if budget_usd is None else Decimal(str(budget_usd)),
        ),
        seed=seed,
        expect=expect,
        allow_hosts=tuple(allow_host or ()),
        headless=config.browser.headless and not watch,
    )
    with open_ledger(ledger, config) as opened, stoppable():
        sink: Sink = (lambda step: None) if as_json else print_step
        ended = waited(carry_out(order, config, opened, sink))
        if as_json:
            print_run_json(opened, ended.id)
        else:
            print_outcome(ended, opened.trajectory(ended.id))
            for line in drift_notices(config, opened, order.policy, agent):
                typer.echo(f"flyball: {line}", err=True)
    if ended.success is False or ended.status != "finished" or ended.gave_up:
        raise typer.Exit(1)


async def carry_out(order: Order, config: Config, ledger: Ledger, sink: Sink) -> Run:
    """Open a browser, run the agent in it, and write the run down."""
    from flyball.agents import assemble, attempt, new_run, open_meter, open_policies
    from flyball.records import Task
    from flyball.tools.browser import Browser, BrowserOptions

    names = [order.policy, *([order.strong] if order.strong else [])]
    options = BrowserOptions(
        executable=str(config.browser.executable) if config.browser.executable else None,
        headless=order.headless,
        allow_hosts=(*config.browser.allow_hosts, *order.allow_hosts),
        timeout_seconds=config.browser.timeout_seconds,
        viewport=config.browser.viewport,
    )
    browser = Browser(options)
    specs = [tool.spec for tool in browser.tools.values()]
    with open_policies(config, names, specs, seed=order.seed) as policies:
        async with browser:
            first = await browser.open(order.url)
            crew = assemble(
                config, policies, browser.tools, meter=open_meter(config), strong=order.strong
            )
            task = Task(id=_slug(order.task), prompt=order.task, budget=order.budget)
            run = new_run(task, crew, agent="web", policy=order.policy, strong=order.strong)
            run = replace(run, seed=order.seed)

            async def score(ended: Run) -> float | None:
                if order.expect is None:
                    return None
                return float(order.expect in await browser.text())

            crew = replace(
                crew, sink=sink, world=browser if config.tables.governor.recover else None
            )
            crew = replace(crew, verifier=_verifier(order, config, browser, crew))
            return await attempt(run, crew, ledger, observation=first, score=score)


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


def _slug(text: str) -> str:
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return "-".join(words)[:60] or "task"
