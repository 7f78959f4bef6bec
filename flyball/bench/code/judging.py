"""What a test is, and what came of it. It is a script as well: the side of `outcomes` that runs.

Standard library only, and nothing of flyball: it runs in a Python of its own (`python -I`).
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from typing import Any, NamedTuple

LONGEST_TOLD = 60
"""How many characters of a value are told."""
NO_END = "no end"
TOO_DEEP = "RecursionError: maximum recursion depth exceeded"
"""What Python adds ("in comparison") depends on how deep the caller already was."""
MEMORY_BYTES = 512 * 2**20


class Case(NamedTuple):
    """One test, in Python source."""

    call: str
    """An expression over the functions that are tested."""
    expected: str
    """An expression for what it must be equal to."""
    setup: str = ""
    """Statements that come before."""


class Outcome(NamedTuple):
    """What came of a test."""

    passed: bool
    got: str
    """The value as Python writes it, `Error: why`, or `NO_END`; cut to `LONGEST_TOLD`."""


class NoEndError(BaseException):
    """The test was stopped. Not an `Exception`, so that what is tested does not catch it."""


def judge(namespace: dict[str, Any], case: Case) -> Outcome:
    """Run one test among the definitions of `namespace`, and compare as JSON does."""
    own = dict(namespace)
    try:
        if case.setup:
            exec(case.setup, own)
        value = eval(case.call, own)
        passed = _plain(value) == _plain(eval(case.expected, own))
        return Outcome(bool(passed), told(repr(value)))
    except NoEndError:
        return Outcome(False, NO_END)
    except RecursionError:
        return Outcome(False, TOO_DEEP)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # it is what is tested
        return Outcome(False, told(": ".join(filter(None, [type(error).__name__, str(error)]))))


def _plain(value: object) -> object:
    """Put lists for tuples, which JSON does not tell apart."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value


def told(text: str) -> str:
    """Give `text` on one line, cut in its middle where it is long."""
    line = " ".join(text.split())
    if len(line) <= LONGEST_TOLD:
        return line
    half = (LONGEST_TOLD - 3) // 2
    return f"{line[:half]}...{line[-half:]}"


def _limit(seconds: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))


def _ring(_signal: int, _frame: object) -> None:
    raise NoEndError


def main() -> None:
    """Read `{source, cases, seconds, all_seconds}`; write `[passed, got]`, a line for each case."""
    job = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w")
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  # half a pathlib's start-up time
        os.dup2(nowhere.fileno(), 1)
    _limit(job["all_seconds"])
    signal.signal(signal.SIGPROF, _ring)
    for each in job["cases"]:
        signal.setitimer(signal.ITIMER_PROF, job["seconds"])
        try:
            namespace: dict[str, Any] = {"__name__": "candidate"}
            exec(compile(job["source"], "candidate", "exec"), namespace)
            outcome = judge(namespace, Case(*each))
        except NoEndError:
            outcome = Outcome(False, NO_END)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # it is what is tested
            outcome = Outcome(False, told(f"{type(error).__name__}: {error}"))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(outcome), file=answers, flush=True)


if __name__ == "__main__":
    main()
