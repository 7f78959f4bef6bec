"""`flyball demo`: a minute of supervised runs on the bundled model, and their audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flyball.cli.options import (
    JsonOption,
    LedgerOption,
    PolicyOption,
    WatchOption,
    open_ledger,
    stoppable,
    waited,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress

    from flyball.bench.suites import Pair
    from flyball.records import Run, Step


def demo(
    policy: PolicyOption = None,
    ledger: LedgerOption = None,
    watch: WatchOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run the bundled policy on a few MiniWoB++ tasks, supervised, and audit it."""
    import typer

    from flyball.audit import report, report_json
    from flyball.bench.demo import demo_plan
    from flyball.bench.runner import perform
    from flyball.cli.show import print_demo
    from flyball.config import load_config
    from flyball.ledger import audit

    config = load_config()
    headless = config.browser.headless and not watch
    with open_ledger(ledger, config) as opened, stoppable():
        plan = demo_plan(policy or config.run.policy, headless=headless)
        with _progress(as_json) as progress:
            played = waited(perform(plan, config, opened, _Curtain(progress)))
        runs = [run for run in played if run.score is not None]
        if as_json:
            typer.echo(report_json(report(opened, runs, "task")), nl=False)
        else:
            print_demo(runs, audit(opened, by="task", runs=[run.id for run in runs]))


class _Curtain:
    """Shows on a progress bar what is being played, and above it what came of it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def began(self, kept: Sequence[Run], left: int) -> None:
        self._bar = self._progress.add_task("starting a browser", total=left)

    def stepped(self, pair: Pair, step: Step) -> None:
        did = step.action.text or step.action.tool
        self._progress.update(self._bar, description=f"{pair.task}  {step.index}: {did[:48]}")

    def ended(self, run: Run) -> None:
        if run.score is not None:
            self._progress.advance(self._bar)
            self._progress.console.print(_told(run), no_wrap=True, overflow="ellipsis")


def _told(run: Run) -> str:
    mark = "[green]won [/green]" if run.success else "[red]lost[/red]"
    goal = run.task.prompt.replace("[", r"\[")
    return f"{mark} {run.task.id:24s} {goal}"


def _progress(quiet: bool) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("{task.description}"))
    return Progress(*columns, console=Console(quiet=quiet, highlight=False), transient=True)
