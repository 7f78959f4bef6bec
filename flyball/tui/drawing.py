"""Figures drawn with characters, which say the same without colour."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isnan

BLOCKS = " ▁▂▃▄▅▆▇█"
PARTS = " ▏▎▍▌▋▊▉█"


def gauge(score: float | None, threshold: float | None, width: int = 12) -> str:
    """A bar of `score`, from 0 to 1, with a mark at `threshold`: `████│··` or `██████│█`."""
    if score is None or isnan(score):
        return "·" * width
    full = round(min(max(score, 0.0), 1.0) * width)
    bar = ["█"] * full + ["·"] * (width - full)
    if threshold is not None and isfinite(threshold):
        bar[min(int(min(max(threshold, 0.0), 1.0) * width), width - 1)] = "│"
    return "".join(bar)


def spark(values: Sequence[float | None], width: int, most: float | None = None) -> str:
    """The last `width` values, one character each; what is unknown is a dot."""
    shown = list(values[-width:])
    known = [value for value in shown if value is not None and isfinite(value)]
    top = most if most is not None else max(known, default=0.0)
    return "".join(_block(value, top) for value in shown)


def bar(value: float | None, most: float | None, width: int) -> str:
    """A bar that is `width` long where `value` is `most`, to an eighth of a character."""
    if value is None or not most or value <= 0:
        return ""
    eighths = round(min(value / most, 1.0) * width * 8)
    return "█" * (eighths // 8) + PARTS[eighths % 8].strip()


def chart(values: Sequence[float | None], width: int, height: int) -> list[str]:
    """Columns over time, the newest on the right, `height` lines high, the top one first."""
    shown = list(values[-width:])
    most = max((value for value in shown if value is not None), default=0.0)
    lines = []
    for floor in range(height - 1, -1, -1):
        line = ""
        for value in shown:
            if value is None:
                line += "·" if floor == 0 else " "
                continue
            left = (value / most * height if most else 0.0) - floor
            line += BLOCKS[min(max(round(left * 8), 0), 8)]
        lines.append(line)
    return lines


def _block(value: float | None, top: float) -> str:
    if value is None or not isfinite(value):
        return "·"
    if top <= 0:
        return BLOCKS[1]
    return BLOCKS[1 + min(max(int(value / top * 7), 0), 7)]
