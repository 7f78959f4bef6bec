"""Every monitor and baseline over the same runs: what each said, and the rows that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flyball.bench.agentstop import agentstop_scores
from flyball.bench.baselines import AGENTSTOP, BASELINES
from flyball.bench.cases import Case, Replay, Unit, common_unit, replay, score_case
from flyball.bench.detecting import (
    Held,
    detection_rows,
    held,
    kind_of,
    ruled_from,
    truth_of,
)
from flyball.bench.evaluation import evaluate, row_of
from flyball.bench.report import Row
from flyball.errors import ConfigError
from flyball.monitors.learned.scored import Key, ScoredRun, keys_of, read_scored
from flyball.roles import Monitor


@dataclass(frozen=True, kw_only=True)
class Told:
    """What each monitor and baseline said about the same runs."""

    suite: str
    policy: str
    """Empty where several models are judged together."""
    unit: Unit
    scored: Mapping[str, Sequence[ScoredRun]]
    judge_ms: Mapping[str, float | None]
    """Median milliseconds a judged step, of monitors that were asked."""
    held: Mapping[str, Sequence[Held]]
    """Rulings beside what is so, of those that look for runs that are stuck, or for milestones."""


def told_by(
    cases: Sequence[Case],
    monitors: Sequence[Monitor],
    files: Mapping[str, Path],
    baselines: Sequence[str],
) -> Told:
    """Ask `monitors` about each step, take what `files` say, and add the `baselines`.

    Where there are files, only runs that all of them speak of are judged. Raises `ConfigError`.
    """
    said = {name: _said(path) for name, path in files.items()}
    mine = [case for case in cases if all(_find(runs, case) for runs in said.values())]
    if not mine:
        raise ConfigError(f"{', '.join(map(str, files.values()))}: none of these runs is in there")
    unit, judge_ms = common_unit(mine), dict[str, float | None]()
    filed = {name: [_find(runs, case) for case in mine] for name, runs in said.items()}
    scores: dict[str, Sequence[Sequence[float]]] = {
        name: [run.scores for run in runs if run] for name, runs in filed.items()
    }
    asked = {monitor.name: replay(monitor) for monitor in monitors}
    for name, ask in asked.items():
        scores[name] = [ask(case) for case in mine]
        judge_ms[name] = ask.judge_ms
    for name in baselines:
        if name == AGENTSTOP:
            scores[name] = agentstop_scores(mine)
            continue
        say = BASELINES[name]()
        scores[name] = [list(say(case)) for case in mine]
        if isinstance(say, Replay):
            asked[name] = say
    policies = {case.run.policy for case in mine}
    return Told(
        suite=mine[0].run.task.suite,
        policy=policies.pop() if len(policies) == 1 else "",
        unit=unit,
        scored={
            name: [_score(case, each, unit) for case, each in zip(mine, all_, strict=True)]
            for name, all_ in scores.items()
        },
        judge_ms=judge_ms,
        held=_held(mine, scores, asked, filed),
    )


def rows_of(told: Told) -> list[Row]:
    """The flat rows of one suite and model. `split` is always that of tasks nothing was set on."""
    head: Row = {
        "suite": told.suite,
        "split": "unseen",
        "policy": told.policy or "all",
        "unit": told.unit,
        "step": None,
    }
    rows = evaluate(told.scored, head)
    for name, runs in told.held.items():
        rows += detection_rows(runs, {**head, "monitor": name})
    for name, ms in told.judge_ms.items():
        steps = sum(len(run.scores) for run in told.scored[name])
        rows.append(row_of({**head, "monitor": name}, "judge_ms", ms, None, steps))
    return rows


def _held(
    cases: Sequence[Case],
    scores: Mapping[str, Sequence[Sequence[float]]],
    asked: Mapping[str, Replay],
    filed: Mapping[str, Sequence[ScoredRun | None]],
) -> Mapping[str, Sequence[Held]]:
    """Hold what each ruled, or would from the thresholds of its scores, against what is so."""
    rulings = {name: ask.ruled for name, ask in asked.items()}
    kinds = {name: kind_of(name, rulings.get(name, ())) for name in scores}
    truths = {kind: [truth_of(case, kind) for case in cases] for kind in {*kinds.values()} if kind}
    found = dict[str, Sequence[Held]]()
    for name, kind in kinds.items():
        if kind is None or not any(truths[kind]):
            continue
        if name in rulings:
            ruled = [[each.severity > 0 for each in run] for run in rulings[name]]
        elif not (ruled := ruled_from(filed[name])):
            continue
        found[name] = held(truths[kind], ruled)
    return found


Said = Mapping[Key, ScoredRun]


def _said(path: Path) -> Said:
    return {run.key: run for run in read_scored(path)}


def _find(said: Said, case: Case) -> ScoredRun | None:
    return next((said[key] for key in keys_of(case.run) if key in said), None)


def _score(case: Case, scores: Sequence[float], unit: Unit) -> ScoredRun:
    if len(scores) != len(case.steps):
        raise ConfigError(
            f"run {case.run.id} has {len(case.steps)} steps and {len(scores)} scores;"
            " the scores are of another run: train again on this ledger"
        )
    return score_case(case, scores, unit)
