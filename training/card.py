"""Write a model's card from its reports: every figure in it was measured."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flyball.bench.intervals import wilson
from flyball.models import bundled_path, read_metadata

REPORTS = Path(__file__).parent / "reports"

CARD = """# bundled/{name}

A language model of {parameters} parameters that acts on web pages, trained from scratch for
Flyball, so that a fresh machine without a network has something to run. It is small on
purpose: it mostly works, and fails naturally, which is what supervision is for.

| | |
| --- | --- |
| Architecture | Llama: {layers} layers, width {width}, {heads} heads, feed-forward {hidden}, vocabulary {vocabulary}, context {context} |
| File | GGUF, f16, {megabytes:.1f} MB, licence Apache-2.0 |
| Format | `compact` (`flyball/agents/compact.py`): goal, page, last actions; one line back |
| Data | {demonstrations} steps of demonstrations by oracles in the real pages of MiniWoB++ ({tasks} tasks, seeds 0 to 1,999, a fifth of the moves of every second episode wrong on purpose), and made-up pages: lookups, forms, pop-ups (`training/drills.py`) |
| Recipe | {tokens:.1f}M tokens, {steps} steps, Muon {muon} and AdamW {adam}, {seconds:.0f} s on one CPU core; `make policies` |
| Speed | {decision:.0f} ms a decision (median over tasks, prompt cache on, one thread, shared machine) |

## Measured

In headless Chromium, {episodes} episodes a task on seeds never trained on, greedy, at most {max_steps} steps,
under the default monitors. Success is a raw reward of 1. Intervals are Wilson's, 95 %.

{summary}

{table}

Episodes that were lost ended by: {endings}.

## Limits

It knows short pages and short goals in English, in the wordings of MiniWoB++ and of its drills.
It does not read long texts, reason, or know anything of the world. On other sites it can fill in a
login form or a search box that is worded plainly, and it says `finish` when it believes to be done,
which is no proof: give `flyball run --expect TEXT` to have the outcome checked. Its context is
1,024 tokens, so long pages are cut. Passwords are shown to it as dots.
"""


def card(name: str) -> str:
    """The card of `bundled/NAME`, which belongs beside its weights."""
    rows = json.loads((REPORTS / f"{name}.json").read_text())
    training = json.loads((REPORTS / f"{name}-training.json").read_text())
    path = bundled_path(name)
    shape = {k.rpartition(".")[2]: v for k, v in read_metadata(path).items()}
    endings = sum((Counter(row["endings"]) for row in rows), Counter[str]())
    limits = [row["max_steps"] for row in rows]
    return CARD.format(
        name=name,
        parameters=f"{training['parameters'] / 1e6:.2f}M",
        layers=shape["block_count"],
        width=shape["embedding_length"],
        heads=shape["head_count"],
        hidden=shape["feed_forward_length"],
        vocabulary=shape["vocab_size"],
        context=shape["context_length"],
        megabytes=path.stat().st_size / 1e6,
        demonstrations=f"{training['demonstrations']:,}",
        tasks=sum(row["split"] == "trained" for row in rows),
        tokens=training["tokens"] / 1e6,
        steps=f"{training['steps']:,}",
        muon=training["recipe"]["muon_rate"],
        adam=training["recipe"]["adam_rate"],
        seconds=training["seconds"],
        decision=sorted(row["decision_ms"] for row in rows)[len(rows) // 2],
        episodes=rows[0]["n"],
        max_steps=" to ".join(map(str, sorted({min(limits), max(limits)}))),
        summary="\n".join(_summary(rows)),
        table="\n".join(_table(rows)),
        endings=", ".join(f"{by} {count}" for by, count in endings.most_common()) or "none",
    )


def _summary(rows: list[dict[str, Any]]) -> Iterable[str]:
    for split in ("trained", "untrained"):
        mine = [row for row in rows if row["split"] == split]
        won, n = sum(round(row["value"] * row["n"]) for row in mine), sum(r["n"] for r in mine)
        if n:
            low, high = wilson(won, n)
            share = f"**{won / n:.1%}** [{low:.1%}, {high:.1%}]"
            yield f"- {split}: {share} of {n} episodes on {len(mine)} tasks"


def _table(rows: list[dict[str, Any]]) -> Iterable[str]:
    yield "| task | split | success | interval | steps |"
    yield "| --- | --- | --- | --- | --- |"
    for row in rows:
        interval = f"[{row['low']:.0%}, {row['high']:.0%}]"
        share, steps = f"{row['value']:.0%}", f"{row['steps']:.1f}"
        yield f"| {row['task']} | {row['split']} | {share} | {interval} | {steps} |"
