"""What each run took, in figures that say what they rest on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flyball.ledger import Ledger, Share, shares
from flyball.ledger.reports import SHARED, UNMETERED
from flyball.ledger.rows import attempt_of
from flyball.meters import grams_co2e
from flyball.records import Run
from flyball.records.spending import METHODS, EnergyMethod

Part = tuple[str, str]
"""A policy, and what of its steps: `policy`, `monitor` or `tool`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigure:
    """What one run took. `None` is unknown, which is not zero."""

    run: str
    task: str
    suite: str
    agent: str
    policy: str
    day: str
    attempt: str
    """Which one of `--attempts` at what; the task, where there was one only."""
    success: bool | None
    failed: bool
    """Whether it is known that the task was not done."""
    steps: int
    seconds: float
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    joules: float | None
    """Of its windows; `None` where a part of it is unknown."""
    at_least_j: float | None
    method: EnergyMethod | None
    unknown_why: str | None
    idle_j: float | None
    """What passed between its windows; no part of `joules`."""
    grams: float | None
    """Of CO2 equivalents, from `joules` and the grid that was written down with the run."""
    grid: str
    decode_seconds: float | None
    """Of writing answers, for those whose bytes are known."""
    floor_seconds: float | None
    """What memory alone would have taken for that, at the bandwidth that was calibrated."""
    prefill_j: float | None
    """Of reading prompts, modelled: no counter is read in between, so that the policies' joules are
    split by the seconds that backends tell. Unknown as soon as one backend does not."""
    decode_j: float | None
    """Of writing answers, likewise."""
    parts: dict[Part, float] = field(default_factory=dict[Part, float])
    """Joules by policy and part."""


def figures(ledger: Ledger, runs: Sequence[Run]) -> list[RunFigure]:
    """Read what `runs` took, without reading a step of them."""
    parts = defaultdict[str, list[Share]](list)
    for share in shares(ledger, [run.id for run in runs], requests=False):
        parts[share.run].append(share)
    return [_figure(run, parts[run.id]) for run in runs]


def _figure(run: Run, mine: Sequence[Share]) -> RunFigure:
    metering, alone = run.metering, not is_shared(run)
    joules, method = _joules(mine) if alone else (None, None)
    unknown = "; ".join(_reasons(mine)) if alone else SHARED
    known = None if unknown else joules
    grams_per_kwh = metering.grams_per_kwh if metering else None
    written = [share for share in mine if share.decode_bytes and share.decode_seconds]
    costs = [share.cost_usd for share in mine]
    prefill_j, decode_j = _phases(mine, method) if known is not None else (None, None)
    return RunFigure(
        run=run.id,
        task=run.task.id,
        suite=run.task.suite,
        agent=run.agent,
        policy=run.policy,
        day=f"{run.started_at:%Y-%m-%d}",
        attempt=attempt_of(run),
        success=run.success,
        failed=_failed(run),
        steps=sum(share.steps for share in mine if share.part == "policy"),
        seconds=sum(share.seconds for share in mine),
        input_tokens=sum(share.input_tokens for share in mine),
        output_tokens=sum(share.output_tokens for share in mine),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        joules=known,
        at_least_j=joules,
        method=method,
        unknown_why=unknown or None,
        idle_j=run.idle.energy.joules if run.idle and alone else None,
        grams=None if known is None or grams_per_kwh is None else grams_co2e(known, grams_per_kwh),
        grid=metering.grid if metering else "",
        decode_seconds=_sum(share.decode_seconds for share in written) if written else None,
        floor_seconds=_floor(written, metering.bandwidth_bytes_per_s if metering else None),
        prefill_j=prefill_j,
        decode_j=decode_j,
        parts={} if known is None else _parts(mine, method),
    )


def is_shared(run: Run) -> bool:
    """Whether something else was run beside it in the same process."""
    beside = run.metering.beside if run.metering else 0
    return beside > 0 or run.task.metadata.get("workers", "1") != "1"


def _floor(written: Sequence[Share], bytes_per_s: float | None) -> float | None:
    if not written or bytes_per_s is None:
        return None
    return _sum(share.decode_bytes for share in written) / bytes_per_s


def _sum(known: Iterable[float | None]) -> float:
    return sum(each for each in known if each is not None)


def _failed(run: Run) -> bool:
    if run.success is not None:
        return not run.success
    return run.gave_up or run.status in ("stopped", "failed")


def _joules(mine: Iterable[Share]) -> tuple[float | None, EnergyMethod | None]:
    """What was read, or what was estimated; unknown where a run has both."""
    known = list(mine)
    read = [share.read_j for share in known if share.read_j is not None]
    estimated = [share.estimated_j for share in known if share.estimated_j is not None]
    if read and estimated:
        return None, None
    if read:
        methods = [share.method for share in known if share.method]
        return sum(read), max(methods, key=METHODS.index, default="counter")
    return (sum(estimated), "estimated") if estimated else (None, None)


def _reasons(mine: Iterable[Share]) -> list[str]:
    lost = [share for share in mine if share.unmetered_seconds > 0]
    return list(dict.fromkeys(share.unknown_why or UNMETERED for share in lost))


def _parts(mine: Iterable[Share], method: EnergyMethod | None) -> dict[Part, float]:
    told = ((share, share.estimated_j if method == "estimated" else share.read_j) for share in mine)
    return {(share.policy, share.part): joules for share, joules in told if joules is not None}


def _phases(
    mine: Iterable[Share], method: EnergyMethod | None
) -> tuple[float | None, float | None]:
    """The joules of policies, by seconds of reading and of writing."""
    prefill_j = decode_j = 0.0
    asked = [share for share in mine if share.part == "policy" and share.output_tokens]
    for share in asked:
        joules = share.estimated_j if method == "estimated" else share.read_j
        if joules is None or share.prefill_seconds is None or share.decode_seconds is None:
            return None, None
        seconds = share.prefill_seconds + share.decode_seconds
        if not seconds:
            return None, None
        prefill_j += joules * share.prefill_seconds / seconds
        decode_j += joules * share.decode_seconds / seconds
    return (prefill_j, decode_j) if asked else (None, None)
