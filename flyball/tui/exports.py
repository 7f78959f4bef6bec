"""Runs and audits as files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flyball.errors import ConfigError
from flyball.telling import action_line, outcome, receipt_record, spent

if TYPE_CHECKING:
    from flyball.audit import Report
    from flyball.records import Run, Step, Trajectory

STYLE = """body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;
color:#222;background:#fff}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
td.n{text-align:right}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#16161d}}"""


def export_run(run: Run, trajectory: Trajectory, path: Path) -> None:
    """Write a run, in the form that the file's name asks for. Raises `ConfigError`."""
    makers: dict[str, Callable[[Run, Trajectory], str]] = {
        ".json": run_json,
        ".csv": run_csv,
        ".html": run_page,
    }
    write(path, makers, run, trajectory)


def export_audit(report: Report, path: Path) -> None:
    """Write an audit, in the form that the file's name asks for. Raises `ConfigError`."""
    from flyball.audit import make_page, report_csv, report_json

    makers: dict[str, Callable[[Report], str]] = {
        ".json": report_json,
        ".csv": report_csv,
        ".html": make_page,
    }
    write(path, makers, report)


def write(path: Path, makers: dict[str, Callable[..., str]], *what: object) -> None:
    make = makers.get(path.suffix)
    if make is None:
        raise ConfigError(f"{path}: cannot tell its form; let it end in {', '.join(makers)}")
    try:
        path.write_text(make(*what), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; give another place") from error


def run_json(run: Run, trajectory: Trajectory) -> str:
    """The run as `flyball show --json` prints it."""
    from flyball.ledger import receipt_of, run_to_json, step_to_json

    steps = ", ".join(step_to_json(step) for step in trajectory.steps)
    receipt = json.dumps(receipt_record(receipt_of(run, trajectory)))
    return f'{{"run": {run_to_json(run)}, "steps": [{steps}], "receipt": {receipt}}}\n'


def run_csv(run: Run, trajectory: Trajectory) -> str:
    """A line a step; what is unknown is empty."""
    rows = [_step_row(step) for step in trajectory.steps]
    return _csv(list(rows[0]) if rows else ["index"], rows)


def _step_row(step: Step) -> dict[str, Any]:
    spend = step.spend
    unpriced = spend.usage.unpriced_requests
    return {
        "index": step.index,
        "policy": step.policy,
        "action": action_line(step.action),
        "ruling": step.decision.ruling.value,
        "by": step.decision.by,
        "reason": step.decision.reason,
        "seconds": spend.seconds,
        "input_tokens": spend.usage.input_tokens,
        "output_tokens": spend.usage.output_tokens,
        "joules": spend.energy.joules,
        "joules_method": spend.energy.joules_method,
        "usd": None if unpriced else float(spend.usage.cost_usd),
        **{f"score_{each.monitor}": each.score for each in step.verdicts if each.score is not None},
    }


def run_page(run: Run, trajectory: Trajectory) -> str:
    steps = "\n".join(
        f"<tr><td class=n>{step.index}</td><td>{escape(step.policy)}</td>"
        f"<td>{escape(action_line(step.action))}<br><small>{escape(step.action.thought)}</small>"
        f"</td><td>{step.decision.ruling.value} <small>{escape(step.decision.reason)}</small></td>"
        f"<td>{escape(spent(step.spend))}</td></tr>"
        for step in trajectory.steps
    )
    titles = "<tr><th></th><th>who</th><th>action</th><th>ruling</th><th>took</th></tr>"
    told = f"<p>{escape(outcome(run))}</p><p>{escape(spent(trajectory.spend))}</p>"
    return _page(run.task.prompt, f"{told}<table>{titles}\n{steps}</table>")


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style>\n<h1>{escape(title)}</h1>\n{body}\n</html>\n"
    )


def _csv(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    import io

    text = io.StringIO()
    known = list(dict.fromkeys([*names, *(name for row in rows for name in row)]))
    writer = csv.DictWriter(text, known)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
