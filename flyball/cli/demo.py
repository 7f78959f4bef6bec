"""`flyball demo`: a minute of supervised runs on the bundled model, and their audit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from flyball.cli.options import (
    JsonOption,
    LedgerOption,
    PolicyOption,
    WatchOption,
    open_ledger,
    stoppable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress, TaskID

    from flyball.bench.demo import Scene
    from flyball.config import Config
    from flyball.ledger import Ledger
    from flyball.records import Run, Step


def demo(
    policy: PolicyOption = None,
    ledger: LedgerOption = None,
    watch: WatchOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run the bundled policy on a few MiniWoB++ tasks, supervised, and audit it."""
    from flyball.cli.show import print_audit_json, print_demo
    from flyball.config import load_config
    from flyball.ledger import audit

    config = load_config()
    with open_ledger(ledger, config) as opened, stoppable():
        runs = asyncio.run(_play(config, opened, policy=policy, watch=watch, quiet=as_json))
        rows = audit(opened, by="task", runs=[run.id for run in runs])
        if as_json:
            print_audit_json(rows)
        else:
            print_demo(runs, rows)


async def _play(
    config: Config, ledger: Ledger, *, policy: str | None, watch: bool, quiet: bool
) -> list[Run]:
    from flyball.bench.demo import SCENES, open_stage

    headless = config.browser.headless and not watch
    with _progress(quiet) as progress:
        bar = progress.add_task("starting a browser", total=len(SCENES))
        runs: list[Run] = []
        async with open_stage(config, policy=policy, headless=headless) as stage:
            for scene in SCENES:
                run = await stage.play(scene, ledger, _teller(progress, bar, scene))
                progress.advance(bar)
                progress.console.print(_told(run), no_wrap=True, overflow="ellipsis")
                runs.append(run)
        return runs


def _teller(progress: Progress, bar: TaskID, scene: Scene) -> Callable[[Step], None]:
    def tell(step: Step) -> None:
        did = step.action.text or step.action.tool
        progress.update(bar, description=f"{scene.task}  {step.index}: {did[:48]}")

    return tell


def _told(run: Run) -> str:
    mark = "[green]won [/green]" if run.success else "[red]lost[/red]"
    goal = run.task.prompt.replace("[", r"\[")
    return f"{mark} {run.task.id:24s} {goal}"


def _progress(quiet: bool) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("{task.description}"))
    return Progress(*columns, console=Console(quiet=quiet, highlight=False), transient=True)
