"""`flyball resume`: take a run up again from the ledger."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from flyball.cli.changes import Then
from flyball.cli.options import (
    PREFER,
    SHADOW,
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
    open_ledger,
    stoppable,
)
from flyball.errors import ConfigError

if TYPE_CHECKING:
    from flyball.cli.web import Order
    from flyball.records import Run, Trajectory


def resume(  # noqa: PLR0913 - one parameter an option
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run, or how its name begins.")],
    policy: PolicyOption = None,
    strong: Annotated[str | None, typer.Option(help="The model to escalate to.")] = None,
    prefer: PreferOption = None,
    max_steps: StepsOption = None,
    budget_joules: JoulesOption = None,
    budget_usd: UsdOption = None,
    budget_seconds: SecondsOption = None,
    budget_tokens: TokensOption = None,
    budget_battery: BatteryOption = None,
    killed: Annotated[
        bool, typer.Option("--killed", help="Nothing runs it any more, whatever its record says.")
    ] = False,
    then: Annotated[Then, typer.Option(help="For code: what becomes of the change.")] = Then.ASK,
    grammar: GrammarOption = None,
    ledger: LedgerOption = None,
    watch: WatchOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take up a run that was stopped, interrupted or broke, without repeating what it did.

    It goes on as the same run, from the page that it saw last, which is loaded anew; what it had
    filled in there is gone. A run on code goes on in a new copy of the repository, with what it had
    changed. The action at hand when it ended is not carried out unless it is proposed again.
    Ceilings are for the run as a whole: what it took before counts too.
    """
    from flyball.agents import check_budget, check_resumable
    from flyball.cli.code import order_of, run_code
    from flyball.cli.web import Earlier, watched
    from flyball.config import load_config

    config = load_config().with_grammar(grammar)
    with open_ledger(ledger, config) as opened, stoppable(f"flyball resume {run_id}"):
        run = opened.run(run_id)
        check_resumable(run, killed=killed)
        trajectory = opened.trajectory(run.id)
        kept = run.task.metadata
        config = config.with_preference(prefer or kept.get(PREFER)).in_shadow(SHADOW in kept)
        budget = ceilings(
            run.task.budget,
            steps=max_steps,
            joules=budget_joules,
            cost_usd=budget_usd,
            seconds=budget_seconds,
            output_tokens=budget_tokens,
            battery_percent=budget_battery,
        )
        if "over_budget" in config.watching:
            check_budget(trajectory, budget)
        driver = policy or run.policy
        called_in = strong or run.strong
        again = partial(
            replace, policy=driver, strong=None if called_in == driver else called_in, budget=budget
        )
        earlier = Earlier(run=run, trajectory=trajectory)
        if run.agent == "code":
            code = again(order_of(run, then))
            run_code(code, config, opened, earlier=earlier, as_json=as_json)
            return
        web = again(_order(run, trajectory, headless=config.browser.headless and not watch))
        watched(web, config, opened, earlier=earlier, as_json=as_json)


def _order(run: Run, trajectory: Trajectory, *, headless: bool) -> Order:
    """What was asked for, with the address that was seen last in place of the first."""
    from flyball.agents import last_address
    from flyball.cli.web import HOSTS, Order

    kept = run.task.metadata
    begin = kept.get("url")
    address = last_address(trajectory) or begin
    if address is None:
        raise ConfigError(f"run {run.id} saw no page that could be loaded again")
    hosts = [host for host in kept.get(HOSTS, "").split(",") if host]
    # The host that it began at stays allowed, wherever it was last.
    hosts += [host] if begin and (host := urlsplit(begin).hostname) else []
    return Order(
        task=run.task.prompt,
        url=address,
        policy=run.policy,
        strong=run.strong,
        budget=run.task.budget,
        seed=run.seed,
        expect=kept.get("expect"),
        allow_hosts=tuple(hosts),
        headless=headless,
        kept={},
    )
