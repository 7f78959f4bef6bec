import json
from dataclasses import replace

import pytest

from flyball.errors import ConfigError
from flyball.monitors.learned.trees import Trees, load_trees, trees_from_json, trees_to_json

STUMP = Trees(
    monitor="stuck",
    features=("step", "p_mean"),
    roots=(0, ~2),
    feature=(0, 1),
    threshold=(3.5, -1.0),
    left=(~0, ~1),
    right=(1, ~2),
    missing_left=(True, False),
    leaves=(0.25, 1.0, -2.0),
    slope=1.0,
    intercept=0.0,
    decision=0.5,
    about={},
)


def body(**changes):
    return json.dumps({**json.loads(trees_to_json(STUMP)), **changes})


def test_a_row_falls_into_one_leaf_of_each_tree():
    assert STUMP.margin({"step": 3.5, "p_mean": 0.0}) == 0.25 - 2.0
    assert STUMP.margin({"step": 4, "p_mean": -1.0}) == 1.0 - 2.0
    assert STUMP.margin({"step": 4, "p_mean": -0.9}) == -2.0 - 2.0


def test_an_unknown_value_goes_its_own_way():
    assert STUMP.margin({"step": None, "p_mean": 0.0}) == 0.25 - 2.0
    assert STUMP.margin({"step": 4}) == -2.0 - 2.0
    assert STUMP.margin({"step": 4, "p_mean": float("nan")}) == -2.0 - 2.0


@pytest.mark.parametrize("intercept", [-1e6, 0.0, 1e6])
def test_a_probability_is_one_whatever_the_margin(intercept):
    assert 0.0 <= replace(STUMP, intercept=intercept).probability({}) <= 1.0


def test_weights_are_read_back_as_they_were():
    assert trees_from_json(trees_to_json(STUMP), "here") == STUMP


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "Expecting value"),
        ("[]", "no trees of flyball"),
        ("{}", "no trees of flyball"),
        ('{"learner": {"gradient_booster": 1}}', "no trees of flyball"),
        (body(version=2), "version 2"),
        (body(features=["step", "reward"]), "'reward'"),
        (body(features=3), "features is no list"),
        (body(leaves=[0.25, None, 1]), "no finite number"),
        (body(threshold=[3.5, float("nan")]), "no finite number"),
        (body(threshold=[3.5]), "not one value for each of 2 nodes"),
        (body(feature=[0, 2]), "not listed"),
        (body(feature=[0, True]), "no whole number"),
        (body(right=[0, -3]), "leads nowhere"),
        (body(left=[-1, -9]), "leads nowhere"),
        (body(roots=[7]), "leads nowhere"),
        (body(slope="steep"), "no finite number"),
        (body(decision=2), "decision"),
        (body(colour=1).replace('"about": {}, ', ""), "'about' is missing"),
    ],
)
def test_a_file_that_is_no_set_of_trees_is_one_clear_error(text, fault):
    with pytest.raises(ConfigError, match=fault) as raised:
        trees_from_json(text, "w.json")
    assert str(raised.value).startswith("weights w.json cannot be used: ")
    assert str(raised.value).endswith("make one with `flyball monitors train`")


def test_weights_of_another_monitor_are_refused(tmp_path):
    path = tmp_path / "w.json"
    path.write_text(trees_to_json(STUMP))
    assert load_trees("stuck", path) == STUMP
    with pytest.raises(ConfigError, match="are for 'stuck', not 'milestone'"):
        load_trees("milestone", path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_trees("stuck", tmp_path / "none.json")
    path.with_name("b.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_trees("stuck", tmp_path / "b.json")
