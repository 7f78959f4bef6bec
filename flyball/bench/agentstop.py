"""AgentStop as published (arXiv 2605.15206): one XGBoost classifier a step, on cheap signals.

Its features are taken as they are: of each step up to the judged one the ten smallest token
probabilities, ascending, the number of tokens, that of tokens before the code, and the length of
the longest substring shared with the step before over the step's own. What differs: folds are of
tasks rather than runs, so that it is judged on unseen tasks like everything beside it, and the
random search halves over fewer draws (`DRAWS`).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from difflib import SequenceMatcher
from math import exp, nan
from typing import Any

from flyball.bench.cases import Case
from flyball.bench.concordance import Ranked
from flyball.bench.evaluation import FEWEST, folds_of
from flyball.monitors.learned.scored import ScoredRun
from flyball.records import Step

SMALLEST = 10
DRAWS, HALVING = 9, 3
INNER_FOLDS = 3
MOST_STEPS = 12
"""Runs that last longer are judged no further: their published runs were of ten steps."""
TEXT = 2_000
"""Characters of a step that are compared, at most: the comparison takes their square."""

Features = list[float]
Settings = dict[str, Any]


def agentstop_scores(cases: Sequence[Case]) -> list[list[float]]:
    """For each run the chance of failure at each step, from models that saw no run of its task."""
    tasks = [case.task for case in cases]
    fold = folds_of(tasks)
    features = [_features(case) for case in cases]
    scores = [[nan] * len(case.steps) for case in cases]
    for step in range(min(MOST_STEPS, max((len(case.steps) for case in cases), default=0))):
        going = [place for place, case in enumerate(cases) if len(case.steps) > step]
        if len(going) < FEWEST:
            break
        for number in set(fold.values()):
            train = [place for place in going if fold[tasks[place]] != number]
            judged = [place for place in going if fold[tasks[place]] == number]
            rows = {place: _flat(features[place], step) for place in going}
            labels = {place: not cases[place].run.success for place in train}
            if not judged or len(set(labels.values())) < 2:
                continue
            settings = _search(rows, labels, tasks)
            model = _fit([rows[place] for place in train], list(labels.values()), settings)
            for place, score in zip(judged, _ask(model, [rows[p] for p in judged]), strict=True):
                scores[place][step] = score
    return scores


def _features(case: Case) -> list[Features]:
    texts = [_text(step) for step in case.steps]
    before = ["", *texts]
    return [
        _step_features(step, text, earlier)
        for step, text, earlier in zip(case.steps, texts, before, strict=False)
    ]


def _step_features(step: Step, text: str, before: str) -> Features:
    lowest = sorted(exp(each) for each in step.action.logprobs or ())[:SMALLEST]
    tokens = step.policy_spend.usage.output_tokens or len(text.split())
    code = text.find("```")
    share = code / len(text) if code >= 0 and text else 1.0
    match = SequenceMatcher(None, text, before, autojunk=False).find_longest_match()
    same = match.size / len(text) if text else 0.0
    return [*lowest, *[nan] * (SMALLEST - len(lowest)), tokens, tokens * share, same]


def _text(step: Step) -> str:
    action = step.action
    said = action.text or f"{action.thought}\n{action.tool} {dict(action.arguments)}"
    return said[:TEXT]


def _flat(steps: Sequence[Features], last: int) -> Features:
    return [value for step in steps[: last + 1] for value in step]


def _draw(source: random.Random) -> Settings:
    """One draw from the space that they search."""
    return {
        "max_depth": source.randint(3, 7),
        "learning_rate": exp(source.uniform(-5.2983, -1.6094)),  # 0.005 to 0.2
        "min_child_weight": source.randint(1, 7),
        "subsample": source.uniform(0.7, 1.0),
        "colsample_bytree": source.uniform(0.7, 1.0),
        "gamma": source.uniform(0.0, 5.0),
        "trees": source.choice((50, 100, 200, 300)),
    }


def _search(rows: dict[int, Features], labels: dict[int, bool], tasks: Sequence[str]) -> Settings:
    """The best of some draws: each round keeps a third of them, and trebles the runs they see."""
    source = random.Random(42)
    draws, places = [_draw(source) for _ in range(DRAWS)], list(labels)
    source.shuffle(places)
    while len(draws) > 1:
        seen = places[: max(FEWEST, len(places) // len(draws) * HALVING)]
        ranked = sorted(draws, key=lambda each: _quality(each, seen, rows, labels, tasks))
        draws = ranked[-max(1, len(draws) // HALVING) :]
    return draws[-1]


def _quality(
    settings: Settings,
    seen: Sequence[int],
    rows: dict[int, Features],
    labels: dict[int, bool],
    tasks: Sequence[str],
) -> float:
    """AUC over inner folds of tasks."""
    fold = folds_of([tasks[place] for place in seen], INNER_FOLDS)
    told = list[ScoredRun]()
    for number in range(INNER_FOLDS):
        train = [place for place in seen if fold[tasks[place]] != number]
        held = [place for place in seen if fold[tasks[place]] == number]
        if held and len({labels[place] for place in train}) == 2:
            model = _fit([rows[p] for p in train], [labels[p] for p in train], settings)
            for place, score in zip(held, _ask(model, [rows[p] for p in held]), strict=True):
                told.append(
                    ScoredRun(
                        task=tasks[place],
                        success=not labels[place],
                        scores=(score,),
                        joules=(0.0,),
                    )
                )
    return Ranked(told).pairs().auc or 0.0


def _fit(rows: Sequence[Features], labels: Sequence[bool], settings: Settings) -> Any:
    import xgboost  # noqa: PLC0415 - in the extra `train`

    matrix = xgboost.DMatrix(_array(rows), label=[int(label) for label in labels])
    parameters = {name: value for name, value in settings.items() if name != "trees"}
    parameters |= {"objective": "binary:logistic", "nthread": 1, "seed": 42}
    return xgboost.train(parameters, matrix, num_boost_round=settings["trees"])


def _ask(model: Any, rows: Sequence[Features]) -> list[float]:
    import xgboost  # noqa: PLC0415

    return [float(chance) for chance in model.predict(xgboost.DMatrix(_array(rows)))]


def _array(rows: Sequence[Features]) -> Any:
    import numpy  # noqa: PLC0415

    return numpy.array(rows, dtype=numpy.float32)
