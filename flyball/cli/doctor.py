"""`flyball doctor`: what works on this machine, and what would mend the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.cli.options import UNHELD, JsonOption, LedgerOption, open_ledger, waited
from flyball.errors import ConfigError, FlyballError

if TYPE_CHECKING:
    from flyball.roles import Meter

BUSY = 0.1
"""A share of all cores from which on a machine is not idle."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One part of the machine."""

    part: str
    ok: bool
    detail: str
    remedy: str = ""
    needed: bool = True
    """Whether flyball's main job needs it."""


def doctor(
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Measure idling and memory, and keep it.")
    ] = False,
    seconds: Annotated[
        float, typer.Option(min=1, help="For how long to leave the machine alone.")
    ] = 10.0,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what works on this machine, and how to mend what does not."""
    if calibrate:
        calibrated(seconds, as_json=as_json)
        return
    findings = list(examine(ledger))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            mark = "ok  " if finding.ok else "FAIL" if finding.needed else "none"
            typer.echo(f"{mark}  {finding.part:10s} {finding.detail}")
            if finding.remedy and not finding.ok:
                typer.echo(f"{'':17s}-> {finding.remedy}")
    if any(finding.needed and not finding.ok for finding in findings):
        raise typer.Exit(3)


def calibrated(seconds: float, *, as_json: bool) -> None:
    """Measure what the machine takes when it does nothing, and keep it for all later runs."""
    from datetime import UTC, datetime

    from flyball.config.machine import MACHINE, Machine, machine_name, save_machine
    from flyball.meters import Sampled, measure_bandwidth, measure_idle

    with Sampled(_meter(), seconds=0.1) as meter:
        idle = measure_idle(meter, seconds)
    machine = Machine(
        name=machine_name(),
        measured_at=datetime.now(UTC),
        seconds=idle.seconds,
        busy_share=idle.busy_share,
        idle_watts=idle.watts,
        processor_idle_watts=idle.processor_watts,
        method=idle.method,
        bandwidth_bytes_per_s=measure_bandwidth(),
    )
    path = save_machine(machine)
    if as_json:
        typer.echo(MACHINE.dump_json(machine).decode())
        return
    watts = "unknown, as the meter reads no counter here (flyball doctor says why)"
    if machine.idle_watts is not None:
        watts = f"{machine.idle_watts:.3g} W ({machine.method}), over {machine.seconds:.0f} s"
    typer.echo(f"idling    {watts}")
    typer.echo(f"memory    {machine.bandwidth_bytes_per_s / 1e9:.3g} GB/s by all cores")
    if machine.busy_share > BUSY:
        typer.echo(
            f"flyball: the machine was {machine.busy_share:.0%} busy: the baseline is too high;"
            " close what runs, and calibrate again",
            err=True,
        )
    typer.echo(f"kept in   {path}")


def _meter() -> Meter:
    """The meter that runs are read with, bare: an older calibration may be damaged."""
    from flyball import plugins
    from flyball.config import load_config
    from flyball.meters import detect, make_estimate

    named = load_config().energy.meter
    if named == "auto":
        return detect()
    meter: Meter = make_estimate() if named == "estimate" else plugins.load("meters", named)()
    return meter


def examine(ledger: Path | None) -> Iterable[Finding]:
    """Try each part of the machine out."""
    yield _tried("config", _config)
    yield _tried("ledger", lambda: _ledger(ledger))
    yield _tried("browser", _browser)
    yield _tried("llama", _llama)
    yield from _counters()
    yield _calibration()
    yield _sandbox()
    yield from examine_plugins()


def _tried(part: str, attempt: Callable[[], str]) -> Finding:
    try:
        return Finding(part=part, ok=True, detail=attempt())
    except FlyballError as error:
        problem, _, remedy = str(error).partition("; ")
        return Finding(part=part, ok=False, detail=problem, remedy=remedy)
    except ImportError as error:
        remedy = "pip install 'flyball[all]'"
        return Finding(part=part, ok=False, detail=f"{error.name} is missing", remedy=remedy)


def _config() -> str:
    from flyball.config import load_config

    files = load_config().files
    return ", ".join(map(str, files)) if files else "no flyball.toml: the defaults hold"


def _ledger(path: Path | None) -> str:
    with open_ledger(path) as opened:
        runs = len(opened.runs(limit=1_000_000))
        return f"{opened.path} holds {runs} runs"


def _browser() -> str:
    from dataclasses import replace

    from flyball.cli.web import browser_options
    from flyball.config import Config, load_config
    from flyball.tools.browser import Browser

    try:
        config = load_config()
    except ConfigError:  # which is another part's problem
        config = Config()
    # A visible browser needs a display, which this need not have.
    options = replace(browser_options(config), headless=True)

    async def start() -> str:
        async with Browser(options) as browser:
            await browser.open("about:blank")
            return browser.version

    return f"Chromium {waited(start())} starts"


def _llama() -> str:
    from flyball.config import load_config
    from flyball.errors import ModelError
    from flyball.models import check_model

    config = load_config()
    check = waited(check_model(config.model(config.run.policy)))
    if not check.ok:
        raise ModelError(check.problem)
    held = f"; {UNHELD}" if check.grammar is False else ""
    return f"{check.name} answers at {check.tokens_per_second or 0:.0f} tokens/s{held}"


def _counters() -> Iterable[Finding]:
    from flyball.meters import survey

    for source in survey():
        yield Finding(
            part=source.name,
            ok=source.works,
            detail=source.why,
            remedy=source.remedy,
            needed=False,
        )


def _calibration() -> Finding:
    from flyball.config.machine import find_machine

    remedy = "flyball doctor --calibrate, while nothing else runs"
    machine, problem = None, "what idling takes is not known, nor how fast memory is"
    try:
        machine = find_machine()
    except FlyballError as error:
        problem = str(error)
    if machine is None:
        return Finding(part="baseline", ok=False, detail=problem, remedy=remedy, needed=False)
    watts = "unknown" if machine.idle_watts is None else f"{machine.idle_watts:.3g} W"
    detail = (
        f"idling {watts}, memory {machine.bandwidth_bytes_per_s / 1e9:.3g} GB/s"
        f" ({machine.measured_at:%Y-%m-%d}, {machine.busy_share:.0%} busy)"
    )
    return Finding(part="baseline", ok=True, detail=detail, needed=False)


def _sandbox() -> Finding:
    from flyball.config import load_config
    from flyball.tools.sandbox import open_sandbox

    def tried() -> str:
        told = load_config().sandbox
        return f"{open_sandbox(told.kind, image=told.image).name} runs a command"

    return replace(_tried("sandbox", tried), needed=False)


def examine_plugins() -> Iterable[Finding]:
    """What other packages offer, and whether it can be imported."""
    from flyball import plugins
    from flyball.errors import PluginError

    for group, name, package in plugins.offers():
        try:
            plugins.load(group, name)
        except PluginError as error:
            ok, detail = False, str(error)
        else:
            ok, detail = True, f"{name} ({group}) from {package}"
        remedy = f"pip install --upgrade {package}"
        yield Finding(part="plug-in", ok=ok, detail=detail, remedy=remedy, needed=False)
