"""`flyball monitors expect`: what the priced governor has to know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flyball.learning.giving_up import Known
    from flyball.monitors import Expectations
    from flyball.records import Run, Trajectory


def expect(  # noqa: PLR0913 - one parameter an option
    sources: Annotated[
        list[Path], typer.Option("--from", help="A ledger; can be repeated.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="The file to write.", show_default=False)],
    small: Annotated[
        str | None, typer.Option(help="The model that drives.", show_default=False)
    ] = None,
    strong: Annotated[
        str | None, typer.Option(help="The model that is called in.", show_default=False)
    ] = None,
    agent: Annotated[str, typer.Option(help="The kind of agent.")] = "web",
    scores: Annotated[
        Path | None, typer.Option(help="What `monitors train --scores` wrote.", show_default=False)
    ] = None,
    max_loss: Annotated[
        float, typer.Option(help="What giving the strong model up may cost of its success rate.")
    ] = 0.05,
) -> None:
    """Learn from runs that were checked what going on and calling the strong model in come to.

    Give runs of both models on the same tasks and seeds. Where no monitor scored a step, will_fail
    and stuck are asked now. If these were trained on the runs, they are too sure of them: give the
    scores that they had while the runs' tasks were unseen, with --scores.
    """
    from flyball.cli.train import put_file
    from flyball.config import load_config
    from flyball.learning.expecting import expect

    run = load_config().run
    driver, called = small or run.policy, strong or run.strong
    if called is None:
        raise ConfigError("say which model is called in: --strong NAME")
    table = expect(
        _read(sources, agent),
        agent=agent,
        small=driver,
        strong=called,
        risk=_risk if scores is None else unseen_risk(scores),
        max_loss=max_loss,
    )
    put_file(out, table.to_json())
    _print(table)
    typer.echo(f"{out}; name it in flyball.toml: [governor] expectations = {str(out)!r}")


def _read(sources: Sequence[Path], agent: str) -> Iterator[Known]:
    from flyball.ledger import Ledger

    for source in sources:
        if not source.exists():
            raise ConfigError(f"{source} does not exist; give a ledger")
        with Ledger(source) as ledger:
            for run in ledger.runs(agent=agent):
                if run.success is not None:
                    yield run, ledger.trajectory(run.id)


def _risk(run: Run, trajectory: Trajectory) -> float | None:
    """What was scored when the step was taken; else what monitors as shipped say of it now."""
    from flyball.learning.expecting import recorded_risk
    from flyball.monitors.expectations import risk_of
    from flyball.monitors.learned.stuck import Stuck
    from flyball.monitors.learned.will_fail import WillFail

    recorded = recorded_risk(run, trajectory)
    if recorded is not None:
        return recorded
    return risk_of([WillFail().judge(trajectory), Stuck().judge(trajectory)])


def unseen_risk(folder: Path) -> Callable[[Run, Trajectory], float | None]:
    """Look risks up in the scores of unseen tasks that `monitors train` wrote into `folder`.

    A run that is not among them has the risk that it was given when it was played. Scores without
    the ids of their runs, as of samples that an earlier version wrote, are looked up by task, model
    and seed; several runs that share these are none of them.
    """
    from flyball.learning.expecting import recorded_risk
    from flyball.monitors.expectations import RISKS
    from flyball.monitors.learned.scored import Key, keys_of, read_scored

    known: dict[Key, list[tuple[float, ...]]] = {}
    for name in RISKS:
        for run in read_scored(folder / f"{name}.jsonl"):
            known.setdefault(run.key, []).append(run.scores)
    known = {key: scores for key, scores in known.items() if len(scores) <= len(RISKS)}

    def risk(run: Run, trajectory: Trajectory) -> float | None:
        at = len(trajectory.steps) - 1
        said = next((known[key] for key in keys_of(run) if key in known), None)
        if said is None:
            return recorded_risk(run, trajectory)
        return max((scores[at] for scores in said if at < len(scores)), default=None)

    return risk


def _print(table: Expectations) -> None:
    from flyball.cli.tables import print_table
    from flyball.telling import UNKNOWN, amount

    rows = []
    for choice in table.cells:
        each = table.overall(choice)
        chance = UNKNOWN if each.chance is None else f"{each.chance:.0%}"
        figures = (amount(each.joules), amount(each.usd), amount(each.seconds))
        rows.append((choice, f"{each.runs:g}", chance, *figures))
    print_table(("from here on", "runs", "success", "J", "$", "s"), rows, left=1)
    switch, check = table.switch, table.check
    typer.echo(f"\na hand-over takes {amount(switch.joules, ' J')} more than a cold start")
    typer.echo(
        f"a check takes {amount(check.joules, ' J')}, catches {amount(check.catches)} of failures"
        f" and rings falsely at {amount(check.false_alarms)} of successes"
    )
    if (rule := table.give_up) is None:
        typer.echo(f"too few successes of {table.strong} to promise when it may be given up")
        return
    earliest = rule.earliest + 1
    typer.echo(
        f"{table.strong} is given up from a risk of {rule.threshold:.1%} on, at its step"
        f" {earliest} or later: {rule.lost} of {rule.successes} successes, at most"
        f" {rule.max_loss:.0%} of a task's runs with {rule.confidence:.0%} confidence"
    )
