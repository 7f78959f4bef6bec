"""An audit as flat rows, for programs, spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flyball.audit.replay import Saving
from flyball.audit.report import Report, ReportRow
from flyball.bench.intervals import Interval
from flyball.errors import ConfigError

FlatRow = dict[str, Any]
FIRST = ("key", "joules_per_success", "joules_per_success_low", "joules_per_success_high")


def flat_rows(report: Report) -> list[FlatRow]:
    """One flat record a row, energy per success first; unknown is `None`."""
    return [_flat(each) for each in report.rows]


def flat_whole(report: Report) -> FlatRow:
    return _flat(report.whole)


def report_json(report: Report, savings: Sequence[Saving] = ()) -> str:
    """Write `{"runs": n, "rows": [...], "all": {...}, ...}`; unknown is null."""
    told = {
        "by": report.by,
        "runs": report.whole.row.runs,
        "rows": flat_rows(report),
        "all": flat_whole(report),
        "joules_by_policy": dict(report.policies),
        "joules_supervision": report.supervision_j,
        "joules_tools": report.tools_j,
        "joules_prefill_modelled": report.prefill_j,
        "joules_decode_modelled": report.decode_j,
        "joules_between_windows": report.idle_j,
        "replay": [asdict(saving) | {"share": saving.share} for saving in savings],
        "notes": list(report.notes),
        "rests_on": [asdict(metering) for metering in report.meterings],
    }
    return json.dumps(told, default=str) + "\n"


def report_csv(report: Report) -> str:
    """Write a header and a line a row; unknown is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(flat_whole(report)))
    writer.writeheader()
    writer.writerows(flat_rows(report))
    return text.getvalue()


def write_parquet(path: Path, rows: Sequence[FlatRow]) -> None:
    """Write rows as Parquet, unknown as null. Raises `ConfigError` where that cannot be done."""
    # A large package, for this alone.
    try:
        import pyarrow as arrow  # type: ignore[import-untyped]  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError("--parquet needs pyarrow; pip install 'flyball[parquet]'") from error
    kinds = {name: _kind(name, rows) for name in (rows[0] if rows else {})}
    schema = arrow.schema([(name, getattr(arrow, kind)()) for name, kind in kinds.items()])
    try:
        parquet.write_table(arrow.Table.from_pylist(list(rows), schema=schema), path)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; give another path") from error


def _kind(name: str, rows: Sequence[FlatRow]) -> str:
    """Of a column: what its known values are, and a number where nothing is known."""
    kinds = {type(row[name]) for row in rows} - {type(None)}
    if kinds <= {int} and kinds:
        return "int64"
    return "string" if str in kinds else "float64"


def _flat(each: ReportRow) -> FlatRow:
    low, high = _ends(each.per_success)
    median_low, median_high = _ends(each.median_interval)
    told = {
        **asdict(each.row),
        "joules_per_success_low": low,
        "joules_per_success_high": high,
        "median_j": each.median_j,
        "median_j_low": median_low,
        "median_j_high": median_high,
        "usd_per_success": each.dollars_per_success,
        "grams_co2e": each.grams,
        "bandwidth_floor_share": each.floor_share,
    }
    first = {name: told[name] for name in FIRST}
    return first | {name: value for name, value in told.items() if name not in first}


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.low, interval.high)
