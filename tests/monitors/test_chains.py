import json

import pytest

from flyball.errors import ConfigError
from flyball.monitors import Expectations, Priced, load_expectations
from flyball.monitors.chains import Transition, foresee
from flyball.monitors.outlooks import Outlook
from tests.monitors.test_bursts import driven
from tests.monitors.test_priced import risk

HELP = Outlook(chance=1.0, joules=10.0, usd=None, seconds=1.0)
NOTHING = Outlook(chance=0.0, joules=0.0, usd=0.0, seconds=0.0)


def transition(*to: tuple[int, int, float], won: float = 0.0, lost: float = 0.0) -> Transition:
    return Transition(to=to, won=won, lost=lost, joules=1.0, seconds=1.0)


# A safe step either ends well or comes into doubt, and a run in doubt is lost by itself.
CHAIN = ((transition((0, 1, 0.2), won=0.8), transition(lost=1.0)),)


def figure(outlook: Outlook) -> float | None:
    if outlook.chance is None or outlook.joules is None:
        return None
    return (1 - outlook.chance) * 100 + outlook.joules


def test_going_on_is_worth_what_can_still_be_done_later():
    alone = foresee(CHAIN, lambda _: [], figure)
    assert alone[0, 0].chance == pytest.approx(0.8)
    assert alone[0, 0].joules == pytest.approx(1.2)
    helped = foresee(CHAIN, lambda _: [HELP], figure)
    assert helped[0, 0].chance == pytest.approx(1.0)
    assert helped[0, 0].joules == pytest.approx(1.0 + 0.2 * 10.0)
    assert helped[0, 1].chance == pytest.approx(0.0), "what is priced there is going on itself"


def test_help_that_costs_more_than_it_is_worth_is_not_counted_on():
    dear = Outlook(chance=1.0, joules=200.0, seconds=1.0)
    assert foresee(CHAIN, lambda _: [dear], figure)[0, 0].chance == pytest.approx(0.8)
    stopped = foresee(((transition((0, 0, 0.5), lost=0.5),),), lambda _: [NOTHING], figure)
    assert stopped[0, 0].joules == pytest.approx(1.0), (
        "a run that cannot be won is not gone on with"
    )


def test_what_no_step_tells_stays_unknown():
    ahead = foresee(CHAIN, lambda _: [HELP], figure)
    assert ahead[0, 0].usd is None


def test_a_loop_of_cells_comes_to_an_end():
    chain = ((transition((0, 0, 0.9), won=0.05, lost=0.05),),)
    ahead = foresee(chain, lambda _: [], figure)
    assert ahead[0, 0].chance == pytest.approx(0.5, abs=1e-3)
    assert ahead[0, 0].joules == pytest.approx(10.0, rel=1e-2)


def table(chains: bool) -> Expectations:
    row = (Outlook(chance=0.8, joules=1.2), Outlook(chance=0.0, joules=1.0))
    rows = ((*row, row[0]),) * 2
    return Expectations(
        risks=(0.5,),
        cells={"small": rows, "call": ((HELP,) * 3,) * 2},
        chains={"small": CHAIN} if chains else {},
    )


def test_nobody_is_called_in_where_it_is_as_good_to_wait_for_doubt():
    for chains, ruling in ((False, "escalate"), (True, "continue")):
        governor = Priced(expectations=table(chains), strong="large", failed_task_joules=100.0)
        assert governor.decide(driven("small"), [risk(0.1)]).ruling == ruling
        assert governor.decide(driven("small"), [risk(0.9)]).ruling == "escalate"


def test_chains_are_written_and_read_back_and_must_fit(tmp_path):
    path = tmp_path / "table.json"
    path.write_text(table(chains=True).to_json())
    assert load_expectations(path) == table(chains=True)
    record = json.loads(path.read_text())
    record["chains"]["small"][0].pop()
    other = tmp_path / "other.json"
    other.write_text(json.dumps(record))
    with pytest.raises(ConfigError, match="chains do not fit"):
        load_expectations(other)


@pytest.mark.parametrize("price", [8.6, 15.0, 25.0, 42.8, 428.0])
def test_what_is_foreseen_with_the_table_that_ships_settles(price, monkeypatch):
    found = []
    for sweeps in (100, 101):
        monkeypatch.setattr("flyball.monitors.chains.MOST_SWEEPS", sweeps)
        monkeypatch.setattr("flyball.monitors.chains.ENOUGH", 0.0)
        governor = Priced(
            expectations=load_expectations(), strong="bundled/strong", failed_task_joules=price
        )
        risks = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
        steps = [driven(*["bundled/small"] * count) for count in (1, 2, 3, 5, 9, 17)]
        found.append([governor.prices(s, [risk(r)])[0].figure for s in steps for r in risks])
    assert found[0] == pytest.approx(found[1], rel=1e-6)
