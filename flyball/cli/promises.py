"""`flyball monitors list`, `calibrate`, `eval` and `drift`: what monitors promise, and keep."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.cli.options import JsonOption, LedgerOption, open_ledger, tell
from flyball.errors import ConfigError

if TYPE_CHECKING:
    from flyball.config import Config
    from flyball.ledger import Ledger
    from flyball.monitors.learned.calibration import Calibration, Subject
    from flyball.monitors.learned.drift import Drift
    from flyball.monitors.learned.scored import ScoredRun
    from flyball.roles import Monitor


class By(StrEnum):
    """What a promise counts."""

    TASK = "task"
    RUN = "run"


FromOption = Annotated[
    Path | None,
    typer.Option(
        "--from", help="A ledger, or a file that flyball import takes.", show_default=False
    ),
]
PolicyOption = Annotated[
    str | None, typer.Option("--policy", help="Only runs that this model drove.")
]


def list_monitors(
    agent: Annotated[str, typer.Option(help="The kind of agent.")] = "web",
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the monitors: which are on, and which are obeyed, calibrated or in shadow mode."""
    from flyball import plugins
    from flyball.cli.tables import print_table
    from flyball.config import load_config

    config = load_config()
    model = policy or config.run.policy
    rows = [_status(config, name, model, agent) for name in plugins.names("monitors")]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    cells = [(str(row["monitor"]), "on" if row["on"] else "off", str(row["mode"])) for row in rows]
    print_table(("monitor", "run", f"with {model} as {agent}"), cells, left=3)


def calibrate(  # noqa: PLR0913 - one parameter an option
    monitor: Annotated[str, typer.Argument(help="The monitor: flyball monitors list.")],
    max_loss: Annotated[
        float, typer.Option(help="The share of successes that may be lost.")
    ] = 0.05,
    confidence: Annotated[float, typer.Option(help="How sure the promise is to be.")] = 0.95,
    source: FromOption = None,
    scores: Annotated[
        Path | None,
        typer.Option(help="Scores of runs that were not trained on, of monitors train --scores."),
    ] = None,
    by: Annotated[
        By, typer.Option(help="task: holds for new tasks; run: for the mix of tasks at hand.")
    ] = By.TASK,
    agent: Annotated[str, typer.Option(help="The kind of agent.")] = "web",
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a monitor so that it loses at most so many successes, and let it be obeyed.

    Runs must be of one model and agent, and none that the monitor was trained on or stopped.
    """
    from flyball.config import load_config
    from flyball.config.calibrations import save_calibration
    from flyball.monitors.learned.calibration import calibrate as make

    config = load_config()
    model = policy or config.run.policy
    part, subject = _subject(config, monitor, model, agent)
    if scores is not None:
        runs, suites = _from_scores(scores, model)
    else:
        runs, suites = _from_runs(part, source or _ledger_path(config), model, agent)
    made = make(
        runs,
        subject,
        suites=suites,
        max_loss=max_loss,
        confidence=confidence,
        by=by.value,
    )
    path = save_calibration(made)
    if as_json:
        typer.echo(made.to_json())
    else:
        typer.echo(f"{_promise(made)}\nwritten to {path}")


def drift(
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether live scores still look like those that monitors were calibrated on."""
    from flyball.bench.live import drift_of
    from flyball.config import load_config
    from flyball.config.calibrations import all_calibrations
    from flyball.ledger.alone import passed_over

    config = load_config()
    with open_ledger(ledger, config) as opened:
        found = [(each, drift_of(each, opened)) for each in all_calibrations()]
    rows = [_drift_row(calibration, seen) for calibration, seen in found]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    if not rows:
        typer.echo("nothing is calibrated yet: flyball monitors calibrate MONITOR")
    for row, (_, seen) in zip(rows, found, strict=True):
        said = row["reason"] or f"no drift in {row['runs']} runs"
        typer.echo(f"{row['monitor']} with {row['model']} as {row['agent']}: {said}")
        if seen.passed_over:
            typer.echo(f"  {passed_over(seen.passed_over)}")
    if any(row["reason"] for row in rows):
        raise typer.Exit(1)


def drift_notices(config: Config, ledger: Ledger, model: str, agent: str) -> list[str]:
    """A line for each monitor whose promise may not hold for `model` any more, or not yet."""
    from flyball.bench.live import drift_of
    from flyball.config.calibrations import find_calibration, subject_of

    lines = list[str]()
    for monitor in config.monitors():
        subject = subject_of(monitor, model, agent)
        if subject is None:
            continue
        calibration = find_calibration(subject)
        if calibration is None:
            remedy = f"flyball monitors calibrate {monitor.name} --policy {model}"
            lines.append(f"{monitor.name} is in shadow mode, not calibrated for {model}: {remedy}")
        elif reason := drift_of(calibration, ledger).reason:
            lines.append(f"{monitor.name}: {reason}")
    return lines


def _status(config: Config, name: str, model: str, agent: str) -> dict[str, object]:
    try:
        monitor = config.monitor(name)
    except ConfigError as error:  # it has to be told something first
        mode = str(error)
    else:
        mode = _mode(config, monitor, model, agent)
    return {"monitor": name, "on": name in config.watching, "mode": mode}


def _mode(config: Config, monitor: Monitor, model: str, agent: str) -> str:
    from flyball.config.calibrations import find_calibration, subject_of

    subject = subject_of(monitor, model, agent)
    calibration = find_calibration(subject) if subject else None
    if monitor.name in config.run.shadow:
        return "shadow, as the configuration says"
    if subject is None:
        return "obeyed"
    if calibration is None:
        return f"shadow, not calibrated for {model}"
    return f"obeyed: {_promise(calibration)}"


def _promise(made: Calibration) -> str:
    whose = "of a new task's successes" if made.by == "task" else "of the successes at such tasks"
    return (
        f"at most {made.max_loss:.0%} {whose} lost, with {made.confidence:.0%} confidence:"
        f" stops from a score of {made.rule.threshold:.3g}, from step {made.rule.earliest};"
        f" set on {made.successes} successes, {made.lost} of them lost"
    )


def _drift_row(calibration: Calibration, seen: Drift) -> dict[str, object]:
    subject = calibration.subject
    return {
        "monitor": subject.monitor,
        "model": subject.model,
        "agent": subject.agent,
        "runs": seen.runs,
        "passed_over": seen.passed_over,
        "evidence": seen.evidence,
        "alarm_after": seen.alarm_after,
        "reason": seen.reason,
    }


def _subject(config: Config, name: str, model: str, agent: str) -> tuple[Monitor, Subject]:
    from flyball.config.calibrations import subject_of

    part = config.monitor(name)
    subject = subject_of(part, model, agent)
    if subject is None:
        raise ConfigError(
            f"{name} gives no scores, and needs no calibration: it is obeyed as it is"
        )
    return part, subject


def _ledger_path(config: Config) -> Path:
    from flyball.ledger import ledger_path

    return ledger_path(config.ledger.path)


def _from_scores(path: Path, model: str) -> tuple[list[ScoredRun], list[str]]:
    from flyball.monitors.learned.scored import read_scored

    runs = [run for run in read_scored(path) if run.agent == model]
    if not runs:
        raise ConfigError(f"{path} has no run that {model} drove; name another with --policy")
    return runs, sorted({run.task.partition("/")[0] for run in runs})


def _from_runs(
    part: Monitor, source: Path, model: str, agent: str
) -> tuple[list[ScoredRun], list[str]]:
    from flyball.bench.cases import common_unit, read_cases, replay, score_case

    cases = [
        case
        for case in read_cases(source, tell)
        if (case.run.policy, case.run.agent) == (model, agent)
    ]
    stopped = [case for case in cases if case.run.ended_by == part.name]
    if stopped:
        raise ConfigError(
            f"{source}: {len(stopped)} runs were stopped by {part.name} itself, and nothing says"
            f' how they would have ended; collect runs with shadow = ["{part.name}"] in [run]'
        )
    if not cases:
        raise ConfigError(
            f"{source} has no checked run of {model} as {agent}; name others with --policy, --agent"
        )
    unit, ask = common_unit(cases), replay(part)
    runs = [score_case(case, ask(case), unit) for case in cases]
    return runs, sorted({case.run.task.suite for case in cases})
