import pytest

from flyball.learning.chaining import PRIOR_STEPS, chain
from flyball.learning.seen import Seen


def seen(run: str, *risks: float | None, won: bool, joules: float | None = 2.0) -> list[Seen]:
    """A run of a step a risk, each of which takes `joules` and 3 s."""
    left = range(len(risks), 0, -1)
    return [
        Seen(
            run=run,
            step=at,
            risk=each,
            success=won,
            joules=None if joules is None else joules * more,
            usd=None,
            seconds=3.0 * more,
            tokens=0,
        )
        for at, (each, more) in enumerate(zip(risks, left, strict=True))
    ]


def many(count: int, *risks: float, won: bool) -> list[Seen]:
    return [each for n in range(count) for each in seen(f"{risks}-{won}-{n}", *risks, won=won)]


def test_moves_are_counted_from_band_to_band():
    runs = [*many(600, 0.1, 0.9, won=False), *many(400, 0.1, 0.1, won=True)]
    rows = chain(runs, steps=(1,), risks=(0.5,))
    first = rows[0][0]
    assert sum(share for *_, share in first.to) + first.won + first.lost == pytest.approx(1.0)
    shares = {(row, column): share for row, column, share in first.to}
    assert shares[1, 1] == pytest.approx(0.6, abs=0.02)
    assert shares[1, 0] == pytest.approx(0.4, abs=0.02)
    assert (first.joules, first.usd, first.seconds) == (
        pytest.approx(2.0),
        None,
        pytest.approx(3.0),
    )
    assert rows[1][1].lost == pytest.approx(1.0, abs=0.02)
    assert rows[1][0].won == pytest.approx(1.0, abs=0.05)


def test_few_steps_lean_on_those_of_the_same_risk():
    runs = [*many(1, 0.9, won=True), *many(200, 0.1, 0.9, won=False)]
    alone = chain(runs, steps=(1,), risks=(0.5,))[0][1]
    lost = 200 / 201
    assert alone.lost == pytest.approx(PRIOR_STEPS * lost / (1 + PRIOR_STEPS))
    assert alone.won == pytest.approx((1 + PRIOR_STEPS * (1 - lost)) / (1 + PRIOR_STEPS))


def test_runs_without_a_risk_or_a_price_tell_no_more_than_they_know():
    assert chain(seen("a", None, 0.3, won=True), steps=(1,), risks=(0.5,)) == ()
    rows = chain(seen("a", 0.1, 0.3, won=True, joules=None), steps=(1,), risks=(0.5,))
    assert rows[0][0].joules is None
    assert rows[0][0].seconds == pytest.approx(3.0)
