"""What a test is, and what came of it. It is a script as well: the side that runs what is tested.

The code that is tested may do in its process what it likes. So that process is asked for values,
and is not told what they should be: `Case.asked`, `answer`. The verdict on its answers is given
elsewhere: `Case.verdict`. What is expected is told, and compared there, only where it is no literal
and so has a meaning there alone, such as a node of a list that the test made.

Standard library only, and nothing of flyball: it runs in a Python of its own (`python -I`).
"""

from __future__ import annotations

import ast
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Sequence, Set
from functools import lru_cache
from typing import Any, NamedTuple

LONGEST_TOLD = 60
"""How many characters of a value are told."""
NO_END = "no end"
TOO_DEEP = "RecursionError: maximum recursion depth exceeded"
"""What Python adds ("in comparison") depends on how deep the caller already was."""
MEMORY_BYTES = 512 * 2**20
LONGEST_LINE = 20_000
"""How many characters an answer may be told in: what is longer is not what a test expects."""


class Outcome(NamedTuple):
    """What came of a test."""

    passed: bool
    got: str
    """The value as Python writes it, `Error: why`, or `NO_END`; cut to `LONGEST_TOLD`."""


class NoEndError(BaseException):
    """The test was stopped. Not an `Exception`, so that what is tested does not catch it."""


class Answer(NamedTuple):
    """What the tested code's process says of a test; nothing in it can be trusted."""

    packed: object
    """The value, as JSON takes it (`packed`)."""
    got: str


class Case(NamedTuple):
    """One test, in Python source."""

    call: str
    """An expression over the functions that are tested."""
    expected: str
    """An expression for what it must be equal to."""
    setup: str = ""
    """Statements that come before."""

    @property
    def asked(self) -> tuple[str, str, str]:
        """What `answer` is asked; what is expected only where it is no literal."""
        return self.call, self.setup, "" if _right(self.expected) else self.expected

    def verdict(self, answer: Answer) -> Outcome:
        """Compare an answer with what is expected, lists and tuples alike."""
        right = _right(self.expected) or (True,)
        try:
            passed = bool(_unpacked(answer.packed) == right[0])
        except RecursionError:
            passed = False
        return Outcome(passed, answer.got)


def judge(namespace: dict[str, Any], case: Case) -> Outcome:
    """Run one test of code that can be trusted among the definitions of `namespace`."""
    return case.verdict(answer(namespace, *case.asked))


def answer(namespace: dict[str, Any], call: str, setup: str, expected: str) -> Answer:
    """Find out what `call` gives; or, where something is `expected`, whether it gives that."""
    own = dict(namespace)
    try:
        if setup:
            exec(setup, own)
        value = eval(call, own)
        told_of = _plain(value) == _plain(eval(expected, own)) if expected else value
        return Answer(packed(told_of), told(repr(value)))
    except NoEndError:
        return Answer(NOTHING, NO_END)
    except RecursionError:
        return Answer(NOTHING, TOO_DEEP)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # it is what is tested
        return Answer(NOTHING, told(": ".join(filter(None, [type(error).__name__, str(error)]))))


NOTHING: dict[str, list[object]] = {}
"""What is equal to nothing that a test can expect."""


def packed(value: object) -> object:
    """Put a value as JSON can tell it; what it cannot tell is `NOTHING`."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [packed(each) for each in value]
    if isinstance(value, dict):
        return {"dict": [[packed(key), packed(each)] for key, each in value.items()]}
    if isinstance(value, Set):
        return {"set": [packed(each) for each in value]}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    return {"bytes": list(value)} if isinstance(value, bytes) else NOTHING


def _unpacked(told_of: Any) -> object:
    """Make a value of what was told, with tuples for lists; one like no other where it is wrong."""
    if isinstance(told_of, list):
        return tuple(_unpacked(each) for each in told_of)
    if not isinstance(told_of, dict):
        return told_of
    try:
        [(kind, parts)] = told_of.items()
        return _KINDS[kind](_unpacked(parts))
    except (KeyError, TypeError, ValueError):
        return object()


_KINDS: dict[str, Callable[[Any], object]] = {
    "dict": dict,
    "set": frozenset,
    "complex": lambda parts: complex(*parts),
    "bytes": lambda parts: bytes(iter(parts)),
}


@lru_cache(maxsize=1_000)
def _right(expected: str) -> tuple[object] | None:
    """The value of an expression that names nothing, as `_unpacked` gives it; else `None`."""
    try:
        return (_unpacked(packed(ast.literal_eval(expected))),)
    except (ValueError, SyntaxError):
        return None


def _plain(value: object) -> object:
    """Put lists for tuples, which JSON does not tell apart."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value


def told_to(source: str, cases: Sequence[Case], seconds: float, all_seconds: float) -> bytes:
    """What the script reads."""
    asked = [case.asked for case in cases]
    job = {"source": source, "asked": asked, "seconds": seconds, "all_seconds": all_seconds}
    return json.dumps(job).encode()


def verdicts(cases: Sequence[Case], lines: Iterable[str]) -> list[Outcome]:
    """Judge what the script wrote; a case that it wrote nothing of did not end."""
    answers = [answer for line in lines if (answer := _read(line))]
    made = [case.verdict(answer) for case, answer in zip(cases, answers, strict=False)]
    return made + [Outcome(False, NO_END)] * (len(cases) - len(made))


def _read(line: str) -> Answer | None:
    try:
        value, got = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return None
    return Answer(value, told(str(got)))


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
    """Read `{source, asked, seconds, all_seconds}`; write an `Answer`, a line for each."""
    job = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w")
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  # half a pathlib's start-up time
        os.dup2(nowhere.fileno(), 1)
    _limit(job["all_seconds"])
    signal.signal(signal.SIGPROF, _ring)
    for asked in job["asked"]:
        signal.setitimer(signal.ITIMER_PROF, job["seconds"])
        try:
            namespace: dict[str, Any] = {"__name__": "candidate"}
            exec(compile(job["source"], "candidate", "exec"), namespace)
            given = answer(namespace, *asked)
            line = json.dumps(given)
            if len(line) > LONGEST_LINE:
                line = json.dumps(Answer(NOTHING, given.got))
        except NoEndError:
            line = json.dumps(Answer(NOTHING, NO_END))
        except (Exception, SystemExit) as error:  # noqa: BLE001  # it is what is tested
            line = json.dumps(Answer(NOTHING, told(f"{type(error).__name__}: {error}")))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        print(line, file=answers, flush=True)


if __name__ == "__main__":
    main()
