"""The card that lies beside a monitor's weights: what they learned from, and how well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flyball.learning.curves import fit_curves
from flyball.learning.figures import Figure
from flyball.learning.fitting import fit_trees
from flyball.learning.measures import MOST_FALSE_ALARMS
from flyball.learning.table import Fitted, Table
from flyball.learning.training import FOLDS, TARGETS, Trained
from flyball.monitors.learned.trees import Trees

ASKED = {
    "will_fail": "Is the run going to fail? True of every step of a run that failed.",
    "stuck": (
        "Is the policy going in circles? True of a step that repeats an action on what was seen"
        " then, leads to nothing new, and is followed by more such steps. Repeats that end in"
        " something new are not counted."
    ),
    "milestone": (
        "Did the action before this step reach a part of the goal? Told by the office suite's own"
        " checks of its records, and for the web suite by the oracle's plan: a stage is reached"
        " once the oracle's next move is of another kind."
    ),
}

FORMS: Mapping[Callable[[Table], Fitted], str] = {
    fit_trees: "gradient-boosted trees",
    fit_curves: "curves over the ranks of the features, added up and written as trees",
}

SPARING = (
    f" of the thresholds that rule against {MOST_FALSE_ALARMS:.0%} or less of repeats that show"
    " something new in the end, where there are such"
)


def _form(trees: Trees) -> str:
    """What was fitted; of several, with how much each counts for."""
    forms = [FORMS[fit] for fit in TARGETS[trees.monitor].fits]
    shares = trees.about["shares"]
    assert isinstance(shares, list)
    if len(forms) > 1:
        forms = [f"{form} (times {share})" for form, share in zip(forms, shares, strict=True)]
    said = ",\nand ".join(forms)
    return said[0].upper() + said[1:]


def make_card(trained: Trained, found: Sequence[Figure]) -> str:
    """Write a card in Markdown."""
    trees, steps = trained.trees, sum(map(len, trained.labels))
    so = sum(map(sum, trained.labels))
    agents = ", ".join(sorted({run.agent for run in trained.runs}))
    tasks = sorted({run.task for run in trained.runs})
    sparing = SPARING if TARGETS[trees.monitor].spares else ""
    return f"""# {trees.monitor}

{ASKED[trees.monitor]}

{_form(trees)}: {len(trees.roots)} trees with {len(trees.leaves):,} leaves
over {len(trees.features)} features (`flyball.monitors.learned.catalogue`), read with the standard
library. Trained by `flyball monitors train` on {len(trained.runs):,} runs of {len(tasks)} tasks,
{sum(run.success for run in trained.runs):,} of them successful: {steps:,} steps, {so:,} of which
are so. The policies that drove: {agents}.

Every figure is of tasks that the trees had not seen, in {FOLDS} folds by task. It rules from
{trees.decision:.3f} on, unless it is told otherwise: there F1 is highest{sparing}.
On other agents and models, calibrate it on runs of your own first: scores mean little there until
then.

| figure | step | value | steps |
| --- | --- | --- | --- |
{_lines(found)}

Tasks: {", ".join(tasks)}.
"""


def _lines(found: Sequence[Figure]) -> str:
    return "\n".join(
        f"| {each.metric} | {'all' if each.step is None else each.step} |"
        f" {'-' if each.value is None else f'{each.value:.3f}'} | {each.n:,} |"
        for each in found
    )
