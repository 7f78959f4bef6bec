"""Runs and audits as files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flyball.errors import ConfigError
from flyball.telling import action_line, amount, outcome, receipt_record, spent

if TYPE_CHECKING:
    from flyball.ledger import AuditRow
    from flyball.records import Run, Step, Trajectory

STYLE = """body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;
color:#222;background:#fff}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
td.n{text-align:right}i.bar{display:inline-block;height:.7em;background:#4a7ebb}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#16161d}}"""


def export_run(run: Run, trajectory: Trajectory, path: Path) -> None:
    """Write a run, in the form that the file's name asks for. Raises `ConfigError`."""
    makers: dict[str, Callable[[Run, Trajectory], str]] = {
        ".json": run_json,
        ".csv": run_csv,
        ".html": run_page,
    }
    write(path, makers, run, trajectory)


def export_audit(rows: Sequence[AuditRow], by: str, path: Path) -> None:
    """Write an audit, in the form that the file's name asks for. Raises `ConfigError`."""
    makers = {".json": audit_json, ".csv": audit_csv, ".html": audit_page}
    write(path, makers, rows, by)


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


def audit_json(rows: Sequence[AuditRow], by: str) -> str:
    runs = sum(row.runs for row in rows)
    return json.dumps({"by": by, "runs": runs, "rows": [asdict(row) for row in rows]}) + "\n"


def audit_csv(rows: Sequence[AuditRow], by: str) -> str:
    from flyball.ledger import AuditRow

    return _csv([field.name for field in fields(AuditRow)], [asdict(row) for row in rows])


def audit_page(rows: Sequence[AuditRow], by: str) -> str:
    most = max((row.joules_per_success or 0.0 for row in rows), default=0.0)
    lines = "\n".join(f"<tr>{''.join(_audit_cells(row, most))}</tr>" for row in rows)
    titles = ("", "runs", "won", "J a success", "", "J", "method", "J failed", "J supervision", "$")
    head = "".join(f"<th>{title}</th>" for title in titles)
    return _page(f"flyball audit by {by}", f"<table><tr>{head}</tr>\n{lines}</table>")


def _audit_cells(row: AuditRow, most: float) -> Iterator[str]:
    yield f"<td>{escape(row.key)}</td><td class=n>{row.runs}</td>"
    yield f"<td class=n>{'-' if row.successes is None else row.successes}</td>"
    share = (row.joules_per_success or 0.0) / most * 8 if most else 0.0
    yield f"<td class=n>{amount(row.joules_per_success)}</td>"
    yield f'<td><i class=bar style="width:{share:.2f}rem"></i></td>'
    yield f"<td class=n>{amount(row.joules)}</td><td>{row.energy_method or '-'}</td>"
    for figure in (row.joules_failed, row.joules_supervision, row.cost_usd):
        yield f"<td class=n>{amount(figure)}</td>"


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
