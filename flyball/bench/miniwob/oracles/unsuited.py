"""Which tasks cannot be solved from the text of the page, and why."""

from __future__ import annotations

from collections.abc import Mapping

_DRAG = "something is to be dragged with the mouse"
_DRAW = "the answer is a point or a line to be drawn"
_SHAPES = "the shapes can only be seen"
_COLOURS = "the colours can only be seen"
_TIME = "the moment counts, so that a slow player loses with the right move"
_WHEEL = "one slice of the drawn wheel gives no sign that it can be clicked"
_MARK = "a passage is to be marked with the mouse"

UNSUITED: Mapping[str, str] = {
    "bisect-angle": _DRAW,
    "button-delay": _TIME,
    "chase-circle": _TIME,
    "circle-center": _DRAW,
    "click-color": _COLOURS,
    "click-pie": _WHEEL,
    "click-pie-nodelay": _WHEEL,
    "click-shades": _COLOURS,
    "click-shape": _SHAPES,
    "count-shape": _SHAPES,
    "count-sides": _SHAPES,
    "daily-calendar": _DRAG,
    "drag-box": _DRAG,
    "drag-circle": _DRAG,
    "drag-cube": _DRAG,
    "drag-items": _DRAG,
    "drag-items-grid": _DRAG,
    "drag-shapes": _DRAG,
    "drag-shapes-2": _DRAG,
    "drag-single-shape": _DRAG,
    "drag-sort-numbers": _DRAG,
    "draw-circle": _DRAW,
    "draw-line": _DRAW,
    "find-midpoint": _DRAW,
    "highlight-text": _MARK,
    "highlight-text-2": _MARK,
    "hot-cold": "the place to click is found by moving the mouse",
    "hover-shape": _TIME,
    "identify-shape": _SHAPES,
    "moving-items": _TIME,
    "number-checkboxes": "the pattern to copy is a picture",
    "resize-textarea": _DRAG,
    "right-angle": _DRAW,
    "simon-says": "buttons flash in an order that only shows for a moment",
    "stock-market": _TIME,
    "text-editor": _MARK,
    "tic-tac-toe": "no player can force a win, and a draw does not count",
    "use-colorwheel": _COLOURS,
    "use-colorwheel-2": _COLOURS,
    "visual-addition": _SHAPES,
}
