"""`flyball doctor`: what works on this machine, and what would mend the rest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from flyball.cli.options import UNHELD, JsonOption, LedgerOption, open_ledger, waited
from flyball.errors import FlyballError


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One part of the machine."""

    part: str
    ok: bool
    detail: str
    remedy: str = ""
    needed: bool = True
    """Whether flyball's main job needs it."""


def doctor(ledger: LedgerOption = None, as_json: JsonOption = False) -> None:
    """Say what works on this machine, and how to mend what does not."""
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


def examine(ledger: Path | None) -> Iterable[Finding]:
    """Try each part of the machine out."""
    yield _tried("config", _config)
    yield _tried("ledger", lambda: _ledger(ledger))
    yield _tried("browser", _browser)
    yield _tried("llama", _llama)
    yield from _counters()
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
    from flyball.tools.browser import Browser

    async def start() -> str:
        async with Browser() as browser:
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


def _sandbox() -> Finding:
    found = shutil.which("bwrap")
    return Finding(
        part="sandbox",
        ok=found is not None,
        detail=f"bubblewrap at {found}" if found else "no bubblewrap: code agents cannot run",
        remedy="apt-get install bubblewrap",
        needed=False,
    )


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
