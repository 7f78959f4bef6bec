import math
import sys
from dataclasses import replace

import pytest

from flyball.errors import ConfigError
from flyball.monitors.learned.catalogue import FEATURES, check_features, in_groups
from flyball.monitors.learned.features import RUNS_KEPT, Features, featurise
from flyball.monitors.learned.glances import Goal
from flyball.monitors.learned.shape import overlap
from flyball.records import (
    Action,
    Decision,
    Observation,
    Ruling,
    Spend,
    Trajectory,
)
from tests.monitors.learned.runs import TASK, a_run, click, over, page, step


def rows_of(trajectory):
    features = Features(trajectory.task)
    return [features.add(each) for each in trajectory.steps]


def first(trajectory, length):
    return replace(trajectory, steps=trajectory.steps[:length])


def of(*steps, task=TASK):
    return rows_of(Trajectory(task=task, steps=steps))


def test_every_row_has_every_feature_that_is_declared_and_no_other():
    for row in rows_of(a_run(30)):
        assert row.keys() == FEATURES.keys()
        assert all(value is None or math.isfinite(value) for value in row.values())


def test_every_feature_is_known_somewhere():
    tests = [step(0, click(), "3 failed, 2 passed"), step(1, click(), "1 failed, 4 passed")]
    dated = replace(TASK, prompt="Select 07/19/2016.")
    rows = [*rows_of(a_run(60)), *of(*tests), *of(step(0, click(), "July 2016"), task=dated)]
    never = [name for name in FEATURES if all(row[name] is None for row in rows)]
    assert never == []


def test_one_call_says_what_the_incremental_features_say():
    run = a_run(25)
    rows = rows_of(run)
    assert [featurise(first(run, length)) for length in range(1, 26)] == rows


def test_what_is_remembered_of_a_run_does_not_change_what_is_said():
    runs = [a_run(12, seed) for seed in range(3)]
    expected = [rows_of(run) for run in runs]
    order = [(which, length) for length in (12, 3, 7, 1, 12, 2) for which in (0, 1, 2, 1, 0)]
    for which, length in order:
        assert featurise(first(runs[which], length)) == expected[which][length - 1]


def test_a_run_that_differs_in_an_earlier_step_only_is_another_run():
    run = a_run(10)
    assert featurise(run) == rows_of(run)[-1]
    other = step(3, click("Elsewhere", 9), page('text "Elsewhere"'))
    changed = replace(run, steps=(*run.steps[:3], other, *run.steps[4:]))
    assert featurise(changed) == rows_of(changed)[-1] != rows_of(run)[-1]
    asked = replace(run, task=replace(TASK, prompt="Open row 7."))
    assert featurise(asked) == rows_of(asked)[-1] != rows_of(run)[-1]


def test_more_runs_than_are_remembered_are_read_all_the_same():
    runs = [a_run(4, seed) for seed in range(RUNS_KEPT + 5)]
    for _ in range(2):
        assert all(featurise(run) == rows_of(run)[-1] for run in runs)


def test_what_came_of_the_judged_step_is_no_part_of_its_features():
    run = a_run(8)
    stopped = replace(over(run.last), decision=Decision(ruling=Ruling.STOP, by="m"))
    assert featurise(run.amend(stopped)) == featurise(run)


def test_what_comes_later_is_no_part_of_a_steps_features():
    run, rows = a_run(20), rows_of(a_run(20))
    for length in range(1, 20):
        changed = tuple(step(at, click("Other"), "later") for at in range(length, 20))
        assert (
            rows_of(replace(run, steps=(*run.steps[:length], *changed)))[:length] == rows[:length]
        )


def test_a_live_run_gets_the_features_of_its_replay():
    live, rows = Trajectory(task=TASK), []
    for each in a_run(15).steps:
        live = live.then(each)
        rows.append(featurise(live))
        live = live.amend(over(live.last))
    assert rows == rows_of(live)
    features, before, added = Features(TASK), None, []
    for judged, done in zip(a_run(15).steps, live.steps, strict=True):
        added.append(features.add(judged, before))
        before = done
    assert added == rows


def test_an_empty_trajectory_has_no_known_feature():
    assert featurise(Trajectory(task=TASK)) == dict.fromkeys(FEATURES)


@pytest.mark.parametrize("logprobs", [None, (), (math.nan, -0.1), (-0.2, math.inf)])
def test_what_was_forbidden_is_unknown_where_there_was_no_grammar(logprobs):
    free, held = replace(click(), logprobs=logprobs), replace(click(), forbidden=0.25)
    odd = replace(click(), forbidden=math.nan)
    rows = of(step(0, free), step(1, held), step(2, odd), step(3, replace(held, forbidden=0.75)))
    assert [row["forbidden"] for row in rows] == [None, 0.25, None, 0.75]
    assert [row["forbidden_mean"] for row in rows] == [None, 0.25, None, 0.5]
    assert rows[3]["forbidden_highest"] == 0.75


@pytest.mark.parametrize("logprobs", [None, (), (math.nan, -0.1), (-0.2, math.inf)])
def test_log_probabilities_that_are_not_given_or_no_numbers_are_unknown_and_not_zero(logprobs):
    row = of(step(0, replace(click(), logprobs=logprobs)))[0]
    assert {row[name] for name in in_groups("confidence")} == {None}


def test_an_impossible_token_has_a_finite_log_probability():
    row = of(step(0, replace(click(), logprobs=(-math.inf, -1.0))))[0]
    assert row["p_lowest_1"] == -50.0
    assert row["p_lowest_2"] == -1.0
    assert row["p_lowest_3"] is None


def test_confidence_is_told_of_the_step_and_of_the_run():
    told = [(-0.1, -2.0), (-0.2, -0.3), (-0.5,)]
    rows = of(*(step(at, replace(click(), logprobs=each)) for at, each in enumerate(told)))
    assert [row["p_lowest_1"] for row in rows] == [-2.0, -0.3, -0.5]
    assert [row["p_lowest_run"] for row in rows] == [-2.0, -2.0, -2.0]
    assert rows[1]["p_lowest_trend"] == pytest.approx(1.7)
    assert [row["unsure"] for row in rows] == [1, 1, 1]
    assert rows[2]["p_lowest_mean"] == pytest.approx(-2.8 / 3)


def test_cycles_are_counted_up_to_length_four():
    pages = [page(f'link "{name}" 1') for name in "AB"]
    run = [step(at, click("AB"[at % 2], 1, "link"), pages[at % 2]) for at in range(8)]
    row = of(*run)[-1]
    assert row["action_cycle_1"] == row["action_cycle_3"] == 0
    assert row["pair_cycle_2"] == row["view_cycle_2"] == row["action_cycle_2"] == 6
    assert row["pair_cycle_4"] == 4
    assert row["pair_count"] == row["pair_count_recent"] == 3
    assert row["repeats_streak"] == 6
    assert row["fresh_age"] == 6


def test_a_repeat_that_changes_nothing_is_told_from_one_that_does():
    idle = of(*(step(at, click()) for at in range(4)))[-1]
    assert (idle["unchanged_streak"], idle["pair_idle"], idle["changed"]) == (3, 3, False)
    paged = of(*(step(at, click(), page(f'text "{at}"')) for at in range(4)))[-1]
    assert (paged["unchanged_streak"], paged["pair_idle"], paged["changed"]) == (0, 0, True)
    assert (idle["action_streak"], paged["action_streak"]) == (3, 3)


def test_what_was_handed_back_says_nothing_about_the_world():
    refused = replace(step(0, click()), decision=Decision(ruling=Ruling.REVISE, reason="no"))
    told = replace(
        step(1, click()), observation=Observation(source="governor", text="no", ok=False)
    )
    row = of(refused, told)[1]
    assert (row["pair_idle"], row["refused"], row["errors"]) == (0, 1, 0)
    assert row["pair_count"] == 1


def test_another_policy_starts_with_no_repeats_and_with_its_own_doubts():
    steps = [step(at, replace(click(), logprobs=(-3.0,))) for at in range(4)]
    own = [
        replace(step(at, replace(click(), logprobs=(-0.1,))), policy="large") for at in range(4, 6)
    ]
    *_, first, second = of(*steps, *own)
    assert (first["action_count"], first["policy_age"], first["step"]) == (0, 0, 4)
    assert (second["action_count"], second["policy_age"], second["step"]) == (1, 1, 5)
    assert first["p_lowest_run"] == second["p_lowest_run"] == pytest.approx(-0.1)
    assert first["unsure"] == 0
    assert first["p_lowest_trend"] is first["action_similarity"] is None


def test_the_goals_words_are_followed():
    fill = Action(tool="fill", arguments={"element": 1, "text": "maria"})
    held = page('textbox "Name" 1 = "maria"', 'textbox "Password" 2')
    rows = of(step(0, fill), step(1, fill, held))
    assert rows[0]["argument_in_goal"] is True
    assert rows[0]["goal_said"] == pytest.approx(1 / 5)
    assert (rows[0]["goal_held"], rows[1]["goal_held"]) == (0, pytest.approx(1 / 5))
    assert rows[1]["goal_held_change"] == pytest.approx(1 / 5)
    assert rows[1]["quotes_said"] == pytest.approx(1 / 2)


def test_an_element_is_checked_against_its_name():
    assert of(step(0, click("Login", 3)))[0]["target_there"] is True
    assert of(step(0, click("Login", 2)))[0]["target_there"] is False
    assert of(step(0, click("Logout", 3)))[0]["target_twins"] == 0
    assert of(step(0, Action(tool="wait")))[0]["target_there"] is None


def test_errors_and_their_recurrence_are_counted():
    failing = [step(at, click(), ok=at in (0, 2), note="covered") for at in range(5)]
    row = of(*failing)[-1]
    assert (row["errors"], row["errors_streak"], row["error_count"]) == (3, 2, 2)


def test_reports_of_tests_are_read():
    reports = ["2 passed in 0.1s", "3 failed, 2 passed", "compiled", "FAILED (1 failure)"]
    rows = of(*(step(at, click(), text) for at, text in enumerate(reports)))
    assert [row["tests_failed"] for row in rows[1:]] == [3, 3, 1]
    assert [row["tests_failed_change"] for row in rows[1:]] == [3, None, -2]


def test_the_place_in_the_budget_counts_the_ceiling_that_is_nearest():
    rows = rows_of(a_run(5))
    assert [row["step"] for row in rows] == [0, 1, 2, 3, 4]
    assert rows[4]["steps_left"] == 16
    assert rows[4]["budget_used"] == pytest.approx(4 / 20)
    done = [over(each) for each in a_run(5).steps]
    assert of(*done)[4]["budget_used"] == pytest.approx((4 * 8 + 2) / 100)
    free = replace(TASK, budget=type(TASK.budget)())
    assert of(*done, task=free)[4]["budget_used"] is None


def test_what_a_log_does_not_record_is_unknown():
    bare = replace(step(0, click()), policy_spend=Spend())
    row = of(bare)[0]
    assert {row[name] for name in (*in_groups("machine"), "tokens", "tokens_run")} == {None}


def test_the_longest_piece_that_two_answers_share_is_found():
    assert overlap("click Login 3", "click Login 4") == pytest.approx(12 / 13)
    assert overlap("abc", "xyz") == 0
    assert overlap("", "x") is None


def test_a_row_costs_the_same_at_every_step():
    def calls_at(length):
        run, calls = a_run(length), 0

        def count(frame, event, argument):
            nonlocal calls
            calls += event == "call"

        featurise(run)
        grown = run.then(step(length, click()))
        sys.setprofile(count)
        featurise(grown)
        sys.setprofile(None)
        return calls

    assert calls_at(1_000) <= calls_at(50) * 1.2


def test_a_column_that_is_no_feature_is_refused():
    check_features(FEATURES)
    with pytest.raises(ConfigError, match="'score'"):
        check_features([*FEATURES, "score"])


def test_a_thought_is_held_against_what_is_seen_and_against_itself():
    task = replace(TASK, prompt="Order 3 lamps")
    thoughts = ("order lamps red 3", "order lamps blue 3", "red red red blue", "")
    steps = [
        step(index, replace(click(), thought=thought), 'text "red" 1')
        for index, thought in enumerate(thoughts)
    ]
    rows = of(*steps, task=task)
    assert [row["thought_unseen"] for row in rows] == [0, 0.25, 0.5, None]
    assert [row["thought_repeats"] for row in rows] == [0, 0, 0.5, None]


def test_an_element_and_its_row_are_held_against_others_of_its_role():
    rows = page(
        'button "Order lamp" 1', 'link "Order 7" 2', 'text "3 red lamp"', 'link "Order 8" 3',
        'text "3 blue chair"', 'link "Mail" 4',
    )  # fmt: skip
    task = replace(TASK, prompt="Open the order for 3 red lamp")
    right, wrong, alone = of(
        step(0, click("Order 7", 2, "link"), rows),
        step(1, click("Order 8", 3, "link"), rows),
        step(2, click("Order lamp", 1), rows),
        task=task,
    )
    assert (right["target_in_goal"], right["rival_in_goal"]) == (4 / 5, -2 / 5)
    assert (wrong["target_in_goal"], wrong["rival_in_goal"]) == (2 / 5, 2 / 5)
    assert (alone["target_in_goal"], alone["rival_in_goal"]) == (2 / 5, None)
    assert of(step(0, click("Order 9", 9), rows), task=task)[0]["target_in_goal"] is None


def test_the_goals_own_names_numbers_and_quotes_are_followed():
    goal = 'Set order 17 of Mia Holt to "on its way". Then stop.'
    assert Goal.read(goal).facts == {"17", "mia", "holt", "way"}
    task = replace(TASK, prompt=goal)
    form = page('textbox "Name" 1 = "Mia Dahl"', 'button "Order 17" 2')
    rows = of(step(0, click("Order 17", 2), form), step(1, click("Mia", 9), form), task=task)
    assert [row["facts_said"] for row in rows] == [1 / 4, 2 / 4]
    assert [row["facts_seen"] for row in rows] == [2 / 4, 2 / 4]
    assert [row["held_in_goal"] for row in rows] == [1 / 2, 1 / 2]


def test_what_meets_the_goal_by_half_is_told():
    goal = 'Book a room for Mia Holt from 07/19/2016, and say "thank you all".'
    quote, name, date = Goal.read(goal).compounds
    assert (quote, name, date) == (
        {"thank", "you", "all"},
        {"mia", "holt"},
        {"07", "19", "2016"},
    )
    assert Goal.read("By 2016-11-02 or 12/24/2016.").months == {"november", "december"}
    task = replace(TASK, prompt=goal)
    wrong = page('textbox "Date" 1 = "11/19/2016"', 'text "November 2016"', 'textbox "Name" 2')
    right = page('textbox "Date" 1 = "07/19/2016"', 'text "July 2016"', 'textbox "Name" 2 = "Ann"')
    empty = page('textbox "Date" 1', 'textbox "Name" 2')
    typed = Action(tool="fill", arguments={"element": 2, "text": "Mia Dahl"})
    well = Action(tool="fill", arguments={"element": 2, "text": "Mia Holt"})
    rows = of(
        step(0, typed, wrong),
        step(1, well, right),
        step(2, click("Book", 3), empty),
        task=task,
    )
    assert [row["half_held"] for row in rows] == [2 / 3, 0, None]
    assert [row["half_said"] for row in rows] == [1 / 2, 0, None]
    assert [row["values_strange"] for row in rows] == [1, 1 / 2, None]
    assert [row["month_shown"] for row in rows] == [0, 1, None]


def test_how_much_an_action_says_and_how_much_is_seen():
    short = Action(tool="sql", arguments={"code": "SHOW TABLES"})
    long = Action(tool="sql", arguments={"code": "SELECT name\nFROM cats WHERE name = name"})
    rows = of(
        step(0, short, ""),
        step(1, long, "[('cats',)]"),
        step(2, Action(tool="invalid", text="what now"), "[]"),
    )
    assert [row["action_words"] for row in rows] == [2, 7, 2]
    assert [row["action_words_change"] for row in rows] == [None, 5, -5]
    assert [row["action_lines"] for row in rows] == [1, 2, 1]
    assert [row["view_chars"] for row in rows] == [0, 11, 2]
    assert [row["view_blank"] for row in rows] == [True, False, True]
