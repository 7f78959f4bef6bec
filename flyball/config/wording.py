"""Say in one line what is wrong with a configuration."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from pydantic import ValidationError


def nearest(name: str, known: Iterable[str]) -> str:
    """Say what `name` may have been meant to be: the nearest known name, else all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are: {', '.join(names) or 'none'}"


def first_problem(error: ValidationError) -> str:
    """Say what is wrong first, and at which key."""
    problem = error.errors(include_url=False)[0]
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] not in ("value_error", "missing"):
        message = f"{message[:1].lower()}{message[1:]}, not {problem['input']!r}"
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {message}" if where else message
