"""`flyball run`: one task, one agent, watched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flyball.cli.changes import Then
from flyball.cli.code import CodeOrder, run_code
from flyball.cli.options import (
    BatteryOption,
    GrammarOption,
    JoulesOption,
    JsonOption,
    LedgerOption,
    PolicyOption,
    PreferOption,
    SecondsOption,
    StepsOption,
    TokensOption,
    UsdOption,
    WatchOption,
    ceilings,
    kept_of,
    open_ledger,
    stoppable,
)
from flyball.cli.web import Order, watched
from flyball.errors import ConfigError

AGENTS = ("web", "code")


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
    prefer: PreferOption = None,
    max_steps: StepsOption = None,
    budget_joules: JoulesOption = None,
    budget_usd: UsdOption = None,
    budget_seconds: SecondsOption = None,
    budget_tokens: TokensOption = None,
    budget_battery: BatteryOption = None,
    grammar: GrammarOption = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Monitors judge, and only budgets are obeyed.")
    ] = False,
    temperature: Annotated[
        float | None, typer.Option(min=0, help="How freely models sample; 0: not at all.")
    ] = None,
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
    config = load_config().with_grammar(grammar).with_temperature(temperature)
    config = config.with_preference(prefer).in_shadow(shadow)
    budget = ceilings(
        config.budget(),
        steps=max_steps,
        joules=budget_joules,
        cost_usd=budget_usd,
        seconds=budget_seconds,
        output_tokens=budget_tokens,
        battery_percent=budget_battery,
    )
    kept = kept_of(prefer, shadow=shadow)
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
            kept=kept,
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
        kept=kept,
    )
    with open_ledger(ledger, config) as opened, stoppable("flyball resume RUN"):
        watched(order, config, opened, as_json=as_json)
