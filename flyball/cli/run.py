"""`flyball run`: one task, one agent, watched."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flyball.cli.changes import Then
from flyball.cli.code import CodeOrder, run_code
from flyball.cli.options import (
    GrammarOption,
    JsonOption,
    LedgerOption,
    PolicyOption,
    WatchOption,
    open_ledger,
    stoppable,
)
from flyball.cli.web import Order, watched
from flyball.errors import ConfigError

AGENTS = ("web", "code")


class Preference(StrEnum):
    """What a failed task is worth."""

    SUCCESS = "success"
    BALANCED = "balanced"
    ENERGY = "energy"


def run(  # noqa: PLR0913 - one parameter an option
    task: Annotated[str, typer.Argument(help="What the agent is to do, in a sentence.")],
    agent: Annotated[str, typer.Option(help="The kind of agent: web, or code.")] = "web",
    url: Annotated[str | None, typer.Option(help="The page to begin at.")] = None,
    repo: Annotated[
        Path | None, typer.Option(help="For code: the folder that is copied and worked on.")
    ] = None,
    file: Annotated[
        str | None, typer.Option(help="For code: the file that a bundled policy mends.")
    ] = None,
    test_command: Annotated[
        str | None, typer.Option(help="For code: what runs the tests; found, if not given.")
    ] = None,
    attempts: Annotated[
        int, typer.Option(min=1, help="For code: attempts until one passes the tests.")
    ] = 1,
    then: Annotated[Then, typer.Option(help="For code: what becomes of the change.")] = Then.ASK,
    yes: Annotated[
        bool, typer.Option("--yes", help="For code: do not ask about what [sandbox] yes names.")
    ] = False,
    allow_net: Annotated[
        bool, typer.Option("--allow-net", help="For code: commands may use the network.")
    ] = False,
    sandbox: Annotated[
        str | None, typer.Option(help="For code: bubblewrap, seatbelt, docker or podman.")
    ] = None,
    dangerously_no_sandbox: Annotated[
        bool,
        typer.Option("--dangerously-no-sandbox", help="For code: run commands unprotected."),
    ] = False,
    policy: PolicyOption = None,
    strong: Annotated[str | None, typer.Option(help="The model to escalate to.")] = None,
    prefer: Annotated[
        Preference | None,
        typer.Option(help="Price each step, after what is preferred.", show_default=False),
    ] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Ceiling of steps.")] = None,
    budget_joules: Annotated[float | None, typer.Option(min=0, help="Ceiling of energy.")] = None,
    budget_usd: Annotated[float | None, typer.Option(min=0, help="Ceiling of cost.")] = None,
    budget_battery: Annotated[
        float | None, typer.Option(min=0, help="Ceiling of the battery's charge, in percent.")
    ] = None,
    grammar: GrammarOption = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Monitors judge, and only budgets are obeyed.")
    ] = False,
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
    from flyball.config import load_config

    if agent not in AGENTS:
        raise ConfigError(f"no agent is called {agent!r}; there are: {', '.join(AGENTS)}")
    if agent == "web" and url is None:
        raise ConfigError("the web agent needs a page to begin at; add --url ADDRESS")
    if agent == "code" and repo is None:
        raise ConfigError("the coding agent needs a repository; add --repo DIR")
    config = load_config().with_grammar(grammar).with_preference(prefer).in_shadow(shadow)
    ceilings = config.budget()
    budget = replace(
        ceilings,
        steps=max_steps or ceilings.steps,
        joules=ceilings.joules if budget_joules is None else budget_joules,
        cost_usd=ceilings.cost_usd if budget_usd is None else Decimal(str(budget_usd)),
        battery_percent=budget_battery or ceilings.battery_percent,
    )
    if agent == "code":
        assert repo is not None
        code_order = CodeOrder(
            task=task,
            repo=repo,
            file=file,
            policy=policy or config.run.policy,
            strong=strong or config.run.strong,
            budget=budget,
            seed=seed,
            test_command=test_command,
            attempts=attempts,
            then=then,
            yes=yes,
            allow_net=allow_net,
            sandbox=sandbox,
            dangerously_no_sandbox=dangerously_no_sandbox,
        )
        with open_ledger(ledger, config) as opened, stoppable("flyball resume RUN"):
            run_code(code_order, config, opened, as_json=as_json)
        return
    assert url is not None
    order = Order(
        task=task,
        url=url,
        policy=policy or config.run.policy,
        strong=strong or config.run.strong,
        budget=budget,
        seed=seed,
        expect=expect,
        allow_hosts=tuple(allow_host or ()),
        headless=config.browser.headless and not watch,
    )
    with open_ledger(ledger, config) as opened, stoppable("flyball resume RUN"):
        watched(order, config, opened, as_json=as_json)
