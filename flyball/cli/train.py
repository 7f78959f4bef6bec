"""`flyball monitors train`: monitors that learn from runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.cli.options import JsonOption, tell
from flyball.errors import ConfigError

if TYPE_CHECKING:
    from flyball.learning.figures import Figure
    from flyball.learning.training import Trained

MONITORS = "will_fail,stuck,milestone"


def train(
    sources: Annotated[
        list[Path],
        typer.Option(
            "--from",
            help="A ledger, a file that flyball import takes, or a .jsonl of samples;"
            " can be repeated.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The directory to write weights and cards into.")],
    monitors: Annotated[str, typer.Option(help="Which, with commas between.")] = MONITORS,
    scores: Annotated[
        Path | None,
        typer.Option(help="A directory for the scores of unseen tasks, to calibrate on."),
    ] = None,
    samples: Annotated[
        Path | None, typer.Option(help="Keep the features of all runs in this .jsonl.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train monitors on runs that were checked, and say how they do on unseen tasks.

    Runs without a score teach nothing, and are passed over.
    """
    from flyball.learning.figures import figures
    from flyball.learning.samples import read_samples, write_samples
    from flyball.learning.training import TARGETS, train

    wanted = [name.strip() for name in monitors.split(",") if name.strip()]
    for name in wanted:
        if name not in TARGETS:
            raise ConfigError(f"no monitor called {name!r} is trained; there are: {MONITORS}")
    tell(f"reading {', '.join(map(str, sources))}")
    runs = list(read_samples(sources, tell))
    tell(f"{len(runs)} runs of {len({run.task for run in runs})} tasks")
    if samples:
        _make(samples.parent)
        write_samples(samples, runs)
    rows = list[dict[str, object]]()
    for name in wanted:
        trained = train(name, runs, tell)
        found = figures(trained)
        _write(trained, found, out, scores)
        rows += [{"monitor": name, **asdict(figure)} for figure in found]
        if not as_json:
            _print(name, found)
    if as_json:
        typer.echo(json.dumps(rows))


def _print(name: str, found: Sequence[Figure]) -> None:
    for each in found:
        value = "-" if each.value is None else f"{each.value:.3f}"
        step = "" if each.step is None else f"step {each.step}"
        typer.echo(f"{name:10s} {each.metric:18s} {step:8s} {value:>6s}  n {each.n}")


def _write(trained: Trained, found: Sequence[Figure], out: Path, scores: Path | None) -> None:
    from flyball.learning.cards import make_card
    from flyball.monitors.learned.scored import write_scored
    from flyball.monitors.learned.trees import trees_to_json

    name = trained.trees.monitor
    _make(out)
    put_file(out / f"{name}.json", trees_to_json(trained.trees))
    put_file(out / f"{name}.md", make_card(trained, found))
    if scores:
        _make(scores)
        write_scored(scores / f"{name}.jsonl", trained.scored)


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make {directory}: {error.strerror}; name another") from error


def put_file(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises `ConfigError` where it cannot be written."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        # An interruption then leaves the old weights as they were.
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; name another --out") from error
