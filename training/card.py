"""Write a model's card from its reports: every figure in it was measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from flyball.bench.intervals import wilson
from flyball.bench.report import ALL, FAILURES, Row
from flyball.models import bundled_path, read_metadata
from training.searches import IMITATED

REPORTS = Path(__file__).parent / "reports"

CARD = """# bundled/{name}

A language model of {parameters} parameters that {does},
trained from scratch for Flyball, so that a fresh machine without a network has something to
run. {purpose}

| | |
| --- | --- |
| Architecture | {family}: {layers} layers, width {width}, {heads} heads, feed-forward {hidden}, vocabulary {vocabulary}, context {context} |
| File | GGUF, f16, {megabytes:.1f} MB, licence Apache-2.0 |
| Format | {format} |
| Data | {data} |
| Recipe | {origin}{tokens:.1f}M tokens, {steps} steps, Muon {muon} and AdamW {adam}, {seconds:.0f} s on {cores}; `make policies` |
| Speed | {decision} a decision (median, prompt cache on, one thread, shared machine) |
| Energy | {energy} a decision (the method in brackets: an estimate is worked out from CPU seconds) |

## Measured

In headless Chromium, {episodes} episodes a task on seeds never trained on, greedy, held to what the
page offers, {played}. Success is full marks by the
suite's checker: on the web suite a raw reward of 1. Intervals are Wilson's, 95 %.

{summary}

{table}

How episodes were lost (`flyball/bench/failures.py`; infrastructure errors were played again):

{failures}

## Limits

It knows short pages and short goals in English, in the wordings of
{knows}.
{reasoning} On other sites it can fill in a
login form or a search box that is worded plainly, and it says `finish` when it believes to be done,
which is no proof: give `flyball run --expect TEXT` to have the outcome checked. Its context is
{context:,} tokens, so long pages are cut. Passwords are shown to it as dots.
"""

DOES = "acts on web pages and mends small functions"
DATA = "{demonstrations} steps of demonstrations by oracles: in the real pages of MiniWoB++ and in the office ({tasks} tasks, training seeds, a share of the moves of every second episode wrong on purpose), of mending one-edit bugs, and made-up pages: lookups, forms, pop-ups (`training/drills.py`)"
MORE_DATA = (
    "; long lists, tabs, sections and calendars (`training/searches.py`), and lines of facts"
)
KNOWS = "MiniWoB++, of the office and of its drills"
FAMILIES = {"llama": "Llama's", "qwen3": "Qwen3's (queries and keys are normalised)"}
FORMATS = {
    "compact": "`compact` (`flyball/agents/compact.py`): goal, page, last actions; one line back",
    "compact-reasoning": "`compact-reasoning` (`flyball/agents/compact.py`): goal, page, last actions; a line of thought back, and one of action",
}
REASONING = {
    "compact": "It does not read long texts, reason, or know anything of the world.",
    "compact-reasoning": "It does not read long texts or know anything of the world, and thinks in the ways that it was shown\n(`training/thoughts.py`): it counts, compares, adds and works lists off.",
}
ALONE = "by itself: nothing but its budget of steps ends a run"
PURPOSES = {
    "small": "It is small on\npurpose: it mostly works, and fails naturally, which is what supervision is for.",
    "strong": "It is what the\nsmall one escalates to: larger, better and dearer.",
}


def card(name: str) -> str:
    """The card of `bundled/NAME`, which belongs beside its weights."""
    rows = json.loads((REPORTS / f"{name}.json").read_text())
    training = json.loads((REPORTS / f"{name}-training.json").read_text())
    path, recipe = bundled_path(name), training["recipe"]
    shape = {k.rpartition(".")[2]: v for k, v in read_metadata(path).items()}
    decisions = [row for row in rows if (row["task"], row["metric"]) == (ALL, "decision_ms")]
    tasks = {(row["suite"], row["task"]) for row in rows if row["task"] != ALL}
    trained = {(row["suite"], row["task"]) for row in rows if row["split"] == "trained"}
    played = [r["n"] for r in _of(rows, "success") if r["task"] != ALL] or [0]
    return CARD.format(
        name=name,
        parameters=f"{training['parameters'] / 1e6:.2f}M",
        family=FAMILIES[str(shape["architecture"])],
        layers=shape["block_count"],
        width=shape["embedding_length"],
        heads=shape["head_count"],
        hidden=shape["feed_forward_length"],
        vocabulary=shape["vocab_size"],
        context=shape["context_length"],
        purpose=PURPOSES[name],
        format=FORMATS[str(shape["format"])],
        reasoning=REASONING[str(shape["format"])],
        cores=f"{count} CPU cores"
        if (count := training.get("processes", 1)) > 1
        else "one CPU core",
        played=training.get("played", ALONE),
        origin=f"grown from {recipe['grown_from']}; " if recipe.get("grown_from") else "",
        megabytes=path.stat().st_size / 1e6,
        does=training.get("does", DOES),
        data=training.get("data", DATA).format(
            demonstrations=f"{training['demonstrations']:,}",
            tasks=sum(suite != "code" for suite, _ in tasks & trained),
        )
        + MORE_DATA * bool(recipe.get("thinks")),
        knows=training.get("knows", KNOWS),
        tokens=training["tokens"] / 1e6,
        steps=f"{training['steps']:,}",
        muon=recipe["muon_rate"],
        adam=recipe["adam_rate"],
        seconds=training["seconds"],
        decision=", ".join(f"{row['value']:.0f} ms ({_split(row)})" for row in decisions),
        energy=", ".join(_energies(rows)) or "unknown",
        episodes=" to ".join(map(str, sorted({min(played), max(played)}))),
        summary="\n".join([*_summary(rows), *(_imitated(rows) if recipe.get("thinks") else ())]),
        failures="\n".join(_failures(rows)),
        table="\n".join(_table(rows)),
    )


def _of(rows: Iterable[Row], metric: str) -> list[Row]:
    return [row for row in rows if row["metric"] == metric]


def _split(row: Row) -> str:
    return f"{row['suite']}, {row['split']}"


def _energies(rows: Iterable[Row]) -> Iterable[str]:
    for row in _of(rows, "joules_per_decision"):
        if row["task"] == ALL and row["value"] is not None:
            yield f"{row['value']:.3g} J ({_split(row)}, {row['method']})"


def _summary(rows: Iterable[Row]) -> Iterable[str]:
    success = _of(rows, "success")
    for row in success:
        if row["task"] == ALL:
            count = sum(_split(each) == _split(row) for each in success) - 1
            share = f"**{row['value']:.1%}** [{row['low']:.1%}, {row['high']:.1%}]"
            yield f"- {_split(row)}: {share} of {row['n']} episodes on {count} tasks"


def _imitated(rows: Iterable[Row]) -> Iterable[str]:
    """Tell the untrained tasks of kinds that made-up pages imitate apart from the others."""
    mine = [r for r in _of(rows, "success") if _split(r) == "web, untrained" and r["task"] != ALL]
    for like, kind in ((True, "are of kinds that"), (False, "are of no kind that")):
        found = [row for row in mine if (row["task"] in IMITATED) is like]
        if count := sum(row["n"] for row in found):
            won = round(sum(row["value"] * row["n"] for row in found))
            low, high = wilson(won, count)
            yield (
                f"- of the untrained web tasks, {len(found)} {kind} made-up pages imitate"
                f" (`training/searches.py`): **{won / count:.1%}** [{low:.1%}, {high:.1%}] of"
                f" {count} episodes"
            )


def _failures(rows: Sequence[Row]) -> Iterable[str]:
    kinds = [f"lost_by_{kind}" for kind in FAILURES] + ["infrastructure_errors"]
    titles = [kind.removeprefix("lost_by_").replace("_", " ") for kind in kinds]
    yield f"| tasks | lost | {' | '.join(titles)} |"
    yield "| --- | " + " | ".join(["---"] * (len(kinds) + 1)) + " |"
    for row in _of(rows, "success"):
        if row["task"] == ALL:
            mine = {r["metric"]: r for r in rows if (_split(r), r["task"]) == (_split(row), ALL)}
            lost = row["n"] - round(row["value"] * row["n"])
            counts = " | ".join(str(mine[kind]["value"]) for kind in kinds)
            yield f"| {_split(row)} | {lost} | {counts} |"


def _table(rows: Iterable[Row]) -> Iterable[str]:
    steps = {(_split(row), row["task"]): row["value"] for row in _of(rows, "steps")}
    yield "| task | suite, split | success | interval | n | steps |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in _of(rows, "success"):
        if row["task"] != ALL:
            interval = f"[{row['low']:.0%}, {row['high']:.0%}]"
            told = f"{steps[_split(row), row['task']]:.1f}"
            cells = (row["task"], _split(row), f"{row['value']:.0%}", interval, row["n"], told)
            yield f"| {' | '.join(map(str, cells))} |"
