"""What came of the actions so far: changes, errors, and reports of tests."""

from __future__ import annotations

import re
from collections import Counter

from flyball.monitors.learned.catalogue import Row
from flyball.monitors.learned.glances import Glance, similarity
from flyball.records import Ruling, Step

_FAILED = re.compile(r"\b(\d+) (?:tests? )?fail(?:ed|ures?)\b", re.IGNORECASE)
_PASSED = re.compile(r"\b(\d+) (?:tests? )?passed\b", re.IGNORECASE)


class Results:
    """Looks at each observation as the result of the action before it."""

    def __init__(self) -> None:
        self._last: Glance | None = None
        self._changes = self._unchanged = self._actions = 0
        self._errors = self._errors_in_row = self._invalid = self._refused = 0
        self._told: Counter[str] = Counter()
        self._failed: int | None = None

    def row(self, glance: Glance) -> Row:
        last = self._last
        row: dict[str, float | None] = {
            "errors": self._errors,
            "errors_streak": self._errors_in_row,
            "invalid": self._invalid,
            "refused": self._refused,
        }
        if last is None:
            return row
        error = not glance.observation.ok and not glance.speaks
        changed = glance.view.mark != last.view.mark
        now, before = glance.view.lines, last.view.lines
        failed = _tests_failed(glance)
        return row | {
            "changed": changed,
            "unchanged_streak": 0 if changed else self._unchanged + 1,
            "changed_share": (self._changes + changed) / (self._actions + 1),
            "lines_new": len(now - before),
            "lines_gone": len(before - now),
            "view_similarity": similarity(now, before),
            "last_ok": glance.observation.ok,
            "errors": self._errors + error,
            "errors_streak": self._errors_in_row + 1 if error else 0,
            "error_count": self._told[_error(glance)] if error else 0,
            "tests_failed": self._failed if failed is None else failed,
            "tests_failed_change": _less(failed, self._failed),
        }

    def absorb(self, glance: Glance, step: Step) -> None:
        """Take in a step that is over."""
        if self._last is not None:
            changed = glance.view.mark != self._last.view.mark
            self._actions += 1
            self._changes += changed
            self._unchanged = 0 if changed else self._unchanged + 1
            error = not glance.observation.ok and not glance.speaks
            self._errors += error
            self._errors_in_row = self._errors_in_row + 1 if error else 0
            if error:
                self._told[_error(glance)] += 1
        self._invalid += glance.action.tool == "invalid"
        self._refused += step.decision.ruling in (Ruling.REVISE, Ruling.ESCALATE)
        failed = _tests_failed(glance)
        self._failed = self._failed if failed is None else failed
        self._last = glance


def _error(glance: Glance) -> str:
    return glance.observation.note or glance.observation.text[:200]


def _tests_failed(glance: Glance) -> int | None:
    """How many tests fail, where what is seen ends with a report of tests."""
    end = glance.observation.text[-400:]
    if failed := _FAILED.findall(end):
        return int(failed[-1])
    return 0 if _PASSED.search(end) else None


def _less(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a - b
