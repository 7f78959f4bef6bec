"""Suites by name, and tasks and seeds as a user writes them."""

import pytest

from flyball.bench.suites import SUITES, choose_seeds, choose_tasks, load_suite, pairs_of, split_of
from flyball.errors import ConfigError

WEB = load_suite("web")


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_has_tasks_of_both_splits_with_oracles_and_limits(name):
    suite = load_suite(name)
    assert suite.name == name
    assert suite.trained
    assert suite.untrained
    assert not set(suite.trained) & set(suite.untrained)
    for task in (*suite.trained, *suite.untrained):
        assert callable(suite.oracle(task))
        assert suite.max_steps(task) > 0


def test_a_suite_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ConfigError, match=r"nonesuch.*web"):
        load_suite("nonesuch")


def test_tasks_are_chosen_by_split_or_by_name():
    assert choose_tasks(WEB, None) == (*WEB.trained, *WEB.untrained)
    assert choose_tasks(WEB, "trained") == WEB.trained
    assert choose_tasks(WEB, "untrained") == WEB.untrained
    assert choose_tasks(WEB, "login-user, click-tab,login-user") == ("login-user", "click-tab")
    assert split_of(WEB, WEB.untrained[0]) == "untrained"


@pytest.mark.parametrize("wanted", ["login-usr", "trained,login-user", "", ","])
def test_tasks_that_do_not_exist_are_refused(wanted):
    with pytest.raises(ConfigError):
        choose_tasks(WEB, wanted)


def test_seeds_are_inclusive():
    assert choose_seeds("200000..200029") == range(200_000, 200_030)
    assert choose_seeds("7..7") == range(7, 8)


@pytest.mark.parametrize("wanted", ["7", "7..", "a..b", "-1..4", "9..8", "1...4", "899999..900000"])
def test_seeds_that_cannot_be_used_are_refused(wanted):
    with pytest.raises(ConfigError):
        choose_seeds(wanted)


def test_every_task_has_its_turn_before_the_next_seeds_have(monkeypatch):
    monkeypatch.setattr("flyball.bench.suites.BLOCK", 2)
    pairs = pairs_of(("a", "b"), (1, 2, 3))
    assert pairs == (("a", 1), ("a", 2), ("b", 1), ("b", 2), ("a", 3), ("b", 3))
