from dataclasses import replace

import pytest

from flyball import Ruling, Verdict
from flyball.errors import ConfigError
from flyball.monitors import Bursts, Expectations, Priced, describe, load_expectations
from flyball.monitors.expectations import Check, GiveUp, Outlook
from flyball.records import Observation
from tests.conftest import DONE
from tests.monitors.test_bursts import driven

SAFE = Outlook(chance=0.9, joules=4.0, usd=0.04, seconds=4.0)
RISKY = Outlook(chance=0.2, joules=8.0, usd=0.08, seconds=8.0)
STRONG = Outlook(chance=0.9, joules=20.0, usd=0.2, seconds=20.0)


def cells(*row: Outlook) -> tuple[tuple[Outlook, ...], ...]:
    return (row, row)


TABLE = Expectations(
    small="small",
    strong="large",
    risks=(0.5,),
    cells={
        "small": cells(SAFE, RISKY, SAFE),
        "call": cells(STRONG, STRONG, STRONG),
        "strong": cells(STRONG, STRONG, STRONG),
    },
    switch=Outlook(joules=2.0),
)
GOVERNOR = Priced(expectations=TABLE, strong="large", failed_task_joules=100.0)


def risk(score: float, monitor: str = "will_fail", **more: object) -> Verdict:
    return Verdict(monitor=monitor, score=score, **more)


def test_a_run_at_risk_is_handed_to_the_strong_policy_and_the_reason_says_the_numbers():
    decision = GOVERNOR.decide(driven("small"), [risk(0.8)])
    assert (decision.ruling, decision.policy, decision.by) == ("escalate", "large", "priced")
    assert decision.reason == (
        "escalate: 32 J, 90% to succeed for 22 J more; going on 88 J, 20% to succeed for 8 J more;"
        " a failed task is priced at 100 J"
    )


def test_a_run_that_does_well_goes_on_and_the_prices_are_kept():
    decision = GOVERNOR.decide(driven("small"), [risk(0.1)])
    assert (decision.ruling, decision.policy) == ("continue", None)
    figures = {price.ruling: price.figure for price in decision.prices}
    assert figures[Ruling.CONTINUE] == pytest.approx(14.0)
    assert figures[Ruling.ESCALATE] == pytest.approx(32.0)
    assert figures[Ruling.STOP] == pytest.approx(100.0)
    assert figures[Ruling.ASK] is figures[Ruling.REVISE] is None


def test_what_a_failed_task_is_worth_decides():
    cheap = replace(GOVERNOR, failed_task_joules=5.0)
    assert cheap.decide(driven("small"), [risk(0.8)]).ruling is Ruling.STOP
    rulings = [
        Priced(expectations=TABLE, strong="large", prefer=prefer).decide(
            driven("small"), [risk(0.8)]
        )
        for prefer in ("energy", "balanced", "success")
    ]
    assert [decision.ruling for decision in rulings] == ["escalate", "escalate", "escalate"]
    worth = [decision.prices[-1].figure for decision in rulings]
    assert worth == pytest.approx([40.0, 200.0, 2000.0])


def test_dollars_price_as_joules_do():
    governor = Priced(expectations=TABLE, strong="large", failed_task_usd=1.0)
    decision = governor.decide(driven("small"), [risk(0.8)])
    assert decision.prices[0].currency == "usd"
    assert "a failed task is priced at 1 $" in decision.reason


def test_without_a_strong_policy_nobody_is_called_in():
    governor = replace(GOVERNOR, strong=None)
    assert governor.decide(driven("small"), [risk(0.8)]).ruling is Ruling.CONTINUE


def test_a_small_gain_is_not_worth_a_change():
    close = replace(TABLE, cells={**TABLE.cells, "small": cells(STRONG, STRONG, STRONG)})
    dear = replace(close, cells={**close.cells, "call": cells(SAFE, SAFE, SAFE)})
    assert replace(GOVERNOR, expectations=dear).decide(driven("small"), []).ruling == "escalate"
    slow = replace(GOVERNOR, expectations=dear, hysteresis=0.6)
    assert slow.decide(driven("small"), []).ruling == "continue"


def test_hard_rulings_are_obeyed_and_those_of_learned_monitors_are_priced_instead():
    over = Verdict(monitor="over_budget", ruling=Ruling.STOP, reason="out of steps")
    decision = GOVERNOR.decide(driven("small"), [risk(0.1), over])
    assert (decision.ruling, decision.by) == (Ruling.STOP, "over_budget")
    assert decision.prices
    learned = risk(0.1, ruling=Ruling.STOP, reason="the run will fail")
    assert GOVERNOR.decide(driven("small"), [learned]).ruling is Ruling.CONTINUE


def test_a_ruling_that_nothing_is_known_to_price_by_is_followed():
    milestone = risk(0.9, "milestone", ruling=Ruling.VERIFY, reason="a part is reached")
    assert GOVERNOR.decide(driven("small"), [milestone]).ruling is Ruling.VERIFY
    nothing = Priced(expectations=Expectations(cells={}), strong="large")
    escalate = risk(0.9, "stuck", ruling=Ruling.ESCALATE, policy="large", reason="stuck")
    decision = nothing.decide(driven("small"), [escalate])
    assert (decision.ruling, decision.by) == (Ruling.ESCALATE, "stuck")
    assert {price.figure for price in decision.prices if price.ruling != "stop"} == {None}


def test_a_check_is_worth_its_cost_at_a_milestone_only_and_once():
    checks = Check(joules=1.0, usd=0.0, seconds=1.0, catches=0.9, false_alarms=0.05)
    unsure = Outlook(chance=0.6, joules=4.0, usd=0.0, seconds=4.0)
    table = replace(TABLE, check=checks, cells={**TABLE.cells, "small": cells(*[unsure] * 3)})
    governor = replace(GOVERNOR, expectations=table, failed_task_joules=60.0)
    at, off = risk(0.95, "milestone"), risk(0.05, "milestone")
    assert governor.decide(driven("small"), [at]).ruling is Ruling.VERIFY
    assert governor.decide(driven("small"), [off]).ruling is not Ruling.VERIFY
    assert governor.decide(driven("small"), []).ruling is not Ruling.VERIFY
    passed = driven("small", verified=True)
    decision = governor.decide(passed, [at])
    assert decision.ruling is Ruling.CONTINUE
    assert decision.prices[0].chance == pytest.approx(0.57 / (0.57 + 0.4 * (1 - 0.855)))


def test_an_action_is_not_handed_back_twice_in_a_row():
    better = replace(
        TABLE, cells={**TABLE.cells, "revise": cells(*[replace(SAFE, joules=0.1)] * 3)}
    )
    governor = replace(GOVERNOR, expectations=better)
    assert governor.decide(driven("small"), [risk(0.9)]).ruling is Ruling.REVISE
    told = Observation(source="governor", text="no", ok=False)
    again = governor.decide(driven("small", observation=told), [risk(0.9)])
    assert again.ruling is Ruling.ESCALATE


def test_an_answer_is_paid_for_and_not_stopped():
    governor = replace(GOVERNOR, failed_task_joules=5.0)
    decision = governor.decide(driven("small", action=DONE), [risk(0.8)])
    assert decision.ruling is not Ruling.STOP


def test_the_strong_policy_drives_its_burst_and_leaves():
    governor = replace(GOVERNOR, bursts=Bursts(steps=2))
    assert governor.decide(driven("small", "large"), [risk(0.9)]).policy is None
    assert governor.decide(driven("small", "large", "large"), [risk(0.9)]).policy == "small"


def test_the_strong_policys_steps_are_counted_from_when_it_was_called_in():
    rows = [(outlook,) * 3 for outlook in (SAFE, RISKY, SAFE)]
    governor = replace(
        GOVERNOR, expectations=replace(TABLE, steps=(2,), cells={"strong": tuple(rows)})
    )
    for strong, chance in ((1, 0.9), (2, 0.9), (3, 0.2)):
        steps = driven(*["small"] * 3, *["large"] * strong)
        assert governor.prices(steps, [risk(0.1)])[0].chance == chance


def test_a_table_is_written_and_read_back(tmp_path):
    path = tmp_path / "expectations.json"
    path.write_text(TABLE.to_json())
    assert load_expectations(path) == TABLE
    assert describe(replace(GOVERNOR, bursts=Bursts())) == (
        f"priced(expectations=Expectations({TABLE.fingerprint}), strong='large',"
        " failed_task_joules=100.0)"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"version": 1', '"version": 2'),
        ('"chance": 0.9', '"chance": 1.9'),
        ('"small": [', '"tiny": ['),
        ('"risks": [', '"risks": [0.1, '),
        ("{", "["),
    ],
)
def test_a_damaged_table_is_refused_in_a_line(tmp_path, old, new):
    path = tmp_path / "expectations.json"
    path.write_text(TABLE.to_json().replace(old, new, 1))
    with pytest.raises(ConfigError, match="flyball monitors expect") as refusal:
        load_expectations(path)
    assert "\n" not in str(refusal.value)


def test_prices_and_shares_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="one price"):
        replace(GOVERNOR, failed_task_usd=1.0)
    with pytest.raises(ConfigError, match="hysteresis"):
        replace(GOVERNOR, hysteresis=1.0)


GIVEN_UP = GiveUp(threshold=0.9, earliest=2, max_loss=0.02, confidence=0.95, successes=170, lost=0)


def test_a_run_that_the_strong_policy_does_not_save_either_is_given_up():
    governor = replace(GOVERNOR, expectations=replace(TABLE, give_up=GIVEN_UP))
    decision = governor.decide(driven("small", "large", "large", "large"), [risk(0.93)])
    assert (decision.ruling, decision.by) == (Ruling.STOP, "priced")
    assert decision.reason == (
        "stop: the risk is 93.0%, and large is given up from 90.0% on, where 0 of 170 runs came"
        " that it won"
    )
    assert decision.prices


@pytest.mark.parametrize(
    ("drivers", "score", "change"),
    [
        (("small", "large", "large", "large"), 0.89, {}),
        (("small", "large", "large"), 0.93, {}),
        (("small", "large", "large", "small", "large"), 0.93, {}),
        (("small", "small", "small", "small"), 0.93, {}),
        (("large", "large", "large", "large"), 0.93, {}),
        (("small", "large", "large", "large"), 0.93, {"give_up": False}),
    ],
)
def test_it_is_not_given_up_early_nor_at_home_nor_where_nobody_wants_that(drivers, score, change):
    governor = replace(GOVERNOR, expectations=replace(TABLE, give_up=GIVEN_UP), **change)
    assert governor.decide(driven(*drivers), [risk(score)]).ruling is not Ruling.STOP


@pytest.mark.parametrize("ruling", [Ruling.REVISE, Ruling.ESCALATE])
def test_a_policy_that_was_called_in_and_is_stuck_is_given_up_all_the_same(ruling):
    governor = replace(GOVERNOR, expectations=replace(TABLE, give_up=GIVEN_UP))
    stuck = risk(0.95, "stuck", ruling=ruling, policy="large", reason="stuck")
    away = driven("small", "large", "large", "large")
    assert governor.decide(away, [risk(0.93), stuck]).ruling is Ruling.STOP
    assert governor.decide(away, [risk(0.5), replace(stuck, score=0.85)]).ruling is not Ruling.STOP
    asks = replace(stuck, monitor="budget", score=None, ruling=Ruling.ASK)
    assert governor.decide(away, [risk(0.93), asks]).ruling is Ruling.ASK


def test_an_answer_is_let_through_and_a_table_keeps_its_promise_in_its_file(tmp_path):
    table = replace(TABLE, give_up=GIVEN_UP)
    governor = replace(GOVERNOR, expectations=table)
    ends = driven("small", "large", "large")
    ends = ends.amend(replace(ends.last, action=DONE))
    assert governor.decide(ends, [risk(0.93)]).ruling is not Ruling.STOP
    file = tmp_path / "table.json"
    file.write_text(table.to_json())
    assert load_expectations(file).give_up == GIVEN_UP


def test_what_comes_with_flyball_for_code_was_learned_on_code():
    web, code = load_expectations(), load_expectations(agent="code")
    assert (web.agent, code.agent) == ("web", "code")
    assert load_expectations(agent="proxy") == web
    assert web.give_up is not None
    assert code.overall("call").chance < web.overall("call").chance
