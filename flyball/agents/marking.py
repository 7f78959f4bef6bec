"""What a short prompt shows of a page, and the marks that its lines get for the goal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from flyball.tools.page import cut

PAGE_TOKENS = 480
"""How much of the page the prompt shows, in tokens of 3.5 characters; the bundled models'
own tokens are about two thirds of that, and their context is 2,048 of them."""
CLOSE_TOKENS = 720
"""The same where the page is read closely: posts beyond the thirtieth line were lost else."""
COMMON_SHARE = 0.25
"""A word of the goal that stands in more of a page's lines than this says nothing."""

NAMED = "*"
"""Stands before a line whose element, or one of the cells of its name, the goal names."""
NEAREST = "+"
"""Stands before the line that shares most with the goal: rare words count for more."""
MOST_NEAREST = 2
"""Where more lines than this share as much, none is marked."""
MANY_NEAREST = 8
"""The same where the page is read closely."""
CELL = " | "
"""Stands between the parts of a name: an icon and what it belongs to, a table's head and value."""
_QUOTED = re.compile(r'"([^"\n]*)"')


def fitting(goal: str, lines: Sequence[str], *, closely: bool = False) -> list[str]:
    """Give the lines of a page that the prompt shows: as many as `PAGE_TOKENS` hold.

    A page that is read `closely` may take `CLOSE_TOKENS`.
    """
    page = [line for line in lines if not line.startswith(("url ", "title ", "tabs "))]
    budget = CLOSE_TOKENS if closely else PAGE_TOKENS
    return cut(page, budget_tokens=budget, before=_aside(goal, page))


def marks(goal: str, lines: Sequence[str], *, closely: bool = False) -> list[str]:
    """Give what is to stand before each line: `NAMED`, `NEAREST`, both or nothing.

    To see whether what is sought is on a page at all is what a small model learns last. Read
    `closely`, short words with a digit count as well, and more lines may be the nearest.
    """
    said, wanted = _said(goal), set(_said(goal).split())
    found = [_QUOTED.search(line) for line in lines]
    names = [each[1] if each else "" for each in found]
    words = [wanted.intersection(_said(name).split()) for name in names]
    often = Counter(word for each in words for word in each)
    scores = [round(sum(1 / often[w] for w in each if _tells(w, closely)), 6) for each in words]
    best = max(scores, default=0.0)
    most = MANY_NEAREST if closely else MOST_NEAREST
    few = best > 0.0 and scores.count(best) <= most
    given = list[str]()
    for name, score in zip(names, scores, strict=True):
        cells = [_said(cell) for cell in name.split(CELL)]
        named = any(cell.strip() and cell in said for cell in cells)
        mark = NAMED * named + NEAREST * (few and score == best)
        given.append(f"{mark} " if mark else "")
    return given


def _tells(word: str, closely: bool) -> bool:
    """Whether a word that a line shares with the goal counts for anything."""
    return len(word) > 2 or (closely and any(map(str.isdigit, word)))


def _said(text: str) -> str:
    """The words of a text, in lower case, with a space around each."""
    return " ".join(["", *re.findall(r"\w+", text.lower()), ""])


def _aside(goal: str, page: Sequence[str]) -> list[str]:
    """Tell which lines share no telling word with the goal: of a long page they go first."""
    said = [_words(line) for line in page]
    often = Counter(word for words in said for word in words)
    telling = {word for word in _words(goal) if often[word] <= len(page) * COMMON_SHARE}
    return [line for line, words in zip(page, said, strict=True) if telling.isdisjoint(words)]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{3,}", text.lower()))
