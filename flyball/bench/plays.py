"""What each episode of a comparison took, in figures that can be added up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flyball.bench.batches import CONTENDER, pair_of
from flyball.bench.suites import Pair
from flyball.config.tables import ListPriceTable
from flyball.errors import ConfigError
from flyball.ledger import Ledger, Share, shares
from flyball.records import Run
from flyball.records.spending import METHODS, EnergyMethod

MTOK = Decimal(1_000_000)
Prices = Mapping[str, ListPriceTable]


@dataclass(frozen=True, kw_only=True)
class Play:
    """One episode that ended. What is unknown is `None`."""

    won: bool
    steps: int
    strong_steps: int | None
    requests: int
    strong_requests: int | None
    """Requests that the strong policy answered, as a verifier too."""
    input_tokens: int
    output_tokens: int
    seconds: float
    usd: float | None
    joules: float | None
    """`None` where something was played beside it, which no meter can tell apart."""
    method: EnergyMethod | None
    alone: bool
    """Whether nothing was played beside it."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """The episodes of one contender that ended."""

    label: str
    runs: Mapping[Pair, Run]
    """The newest run of each pair."""
    batches: int
    """How many batches have this label; the newest is `runs`."""


def find_played(
    ledger: Ledger, suite: str, labels: Collection[str], wanted: Collection[Pair]
) -> list[Played]:
    """Look the contenders' episodes up, in the order of `labels`."""
    by_label: dict[str, dict[str, dict[Pair, Run]]] = {label: {} for label in labels}
    pairs = set(wanted)
    for run in reversed(ledger.runs(suite=suite)):
        label = run.task.metadata.get(CONTENDER, run.policy)
        if run.score is None or label not in by_label or pair_of(run) not in pairs:
            continue
        batches, batch = by_label[label], run.task.metadata.get("batch", "")
        # Taken out and put back, so that the batch of the newest run comes last.
        mine = batches.pop(batch, {})
        mine[pair_of(run)] = run
        batches[batch] = mine
    return [
        Played(
            label=label, runs=list(batches.values())[-1] if batches else {}, batches=len(batches)
        )
        for label, batches in by_label.items()
    ]


def strong_of(played: Iterable[Played]) -> str | None:
    """The model that is called in: what the cascades say, else what `strong` was played with."""
    known = list(played)
    called_in = [run.strong for each in known for run in each.runs.values() if run.strong]
    alone = [run.policy for each in known if each.label == "strong" for run in each.runs.values()]
    return next(iter((*called_in, *alone)), None)


def pairs_played(played: Iterable[Played]) -> set[tuple[str, str]]:
    """The pairs of models that the cascades were played with; one, if they can be compared."""
    runs = [run for each in played for run in each.runs.values()]
    return {(run.policy, run.strong) for run in runs if run.strong}


def strangers(played: Iterable[Played], models: Collection[str]) -> list[str]:
    """What was played with a model that is none of `models`: no end of the line between them."""
    return [
        each.label
        for each in played
        if each.label in ("small", "strong")
        and any(run.policy not in models for run in each.runs.values())
    ]


def plays_of(
    ledger: Ledger, runs: Mapping[Pair, Run], strong: str | None, prices: Prices
) -> dict[Pair, Play]:
    """Read what `runs` took. With `prices` dollars are list prices, and nothing else."""
    parts = defaultdict[str, list[Share]](list)
    for share in shares(ledger, [run.id for run in runs.values()]):
        parts[share.run].append(share)
    return {pair: _play(run, parts[run.id], strong, prices) for pair, run in runs.items()}


def models_of(ledger: Ledger, played: Iterable[Played], strong: str | None) -> set[str]:
    """The models that answered a request in these episodes."""
    ids = [run.id for each in played for run in each.runs.values()]
    asked = [share for share in shares(ledger, ids) if share.requests]
    return {_answering(share, strong) for share in asked}


def check_prices(prices: Prices, models: Collection[str]) -> Prices:
    """The list prices, where every model has one; none, where none has.

    Raises `ConfigError` in between: a list price and electricity do not add up.
    """
    missing = sorted(set(models) - set(prices))
    if not missing or len(missing) == len(set(models)):
        return {} if missing else prices
    raise ConfigError(
        f'{missing[0]} has no list price, and others have: add [list_prices."{missing[0]}"] with'
        " input_usd_per_mtok and output_usd_per_mtok"
    )


def _play(run: Run, parts: Sequence[Share], strong: str | None, prices: Prices) -> Play:
    alone = run.task.metadata.get("workers") == "1"
    deciding = [share for share in parts if share.part == "policy"]
    called_in = run.strong or strong
    theirs = [share for share in parts if _answering(share, called_in) == called_in]
    joules, method = _joules(parts)
    known = called_in is not None
    return Play(
        won=run.success is True,
        steps=sum(share.steps for share in deciding),
        strong_steps=sum(s.steps for s in deciding if s.policy == called_in) if known else None,
        requests=sum(share.requests or 0 for share in parts),
        strong_requests=sum(share.requests or 0 for share in theirs) if known else None,
        input_tokens=sum(share.input_tokens for share in parts),
        output_tokens=sum(share.output_tokens for share in parts),
        seconds=sum(share.seconds for share in parts),
        usd=_list_price(parts, called_in, prices) if prices else _recorded(parts, alone),
        joules=joules if alone else None,
        method=method if alone else None,
        alone=alone,
    )


def _answering(share: Share, strong: str | None) -> str:
    """Who answered: a verifier's requests are put down to the strong policy."""
    return strong if share.part == "monitor" and strong else share.policy


def _joules(parts: Sequence[Share]) -> tuple[float | None, EnergyMethod | None]:
    read = [share.read_j for share in parts if share.read_j is not None]
    if read:
        methods = [share.method for share in parts if share.method]
        return sum(read), max(methods, key=METHODS.index, default="counter")
    estimated = [share.estimated_j for share in parts if share.estimated_j is not None]
    return (sum(estimated), "estimated") if estimated else (None, None)


def _recorded(parts: Sequence[Share], alone: bool) -> float | None:
    """What the ledger says: electricity is known of an episode that was played alone only."""
    known = [share.cost_usd for share in parts if share.cost_usd is not None]
    return sum(known) if alone and len(known) == len(parts) else None


def _list_price(parts: Sequence[Share], strong: str | None, prices: Prices) -> float:
    total = Decimal(0)
    for share in parts:
        if share.requests:
            total += _price(share, prices[_answering(share, strong)])
    return float(total)


def _price(share: Share, price: ListPriceTable) -> Decimal:
    fresh = share.input_tokens - share.cached_tokens
    cached = price.cached_usd_per_mtok
    per_cached = price.input_usd_per_mtok if cached is None else cached
    return (
        fresh * Decimal(str(price.input_usd_per_mtok))
        + share.cached_tokens * Decimal(str(per_cached))
        + share.output_tokens * Decimal(str(price.output_usd_per_mtok))
    ) / MTOK
