"""`flyball bench compare`, from what `flyball bench run` played."""

import json
from shutil import copyfile

import pytest

from tests.bench.test_cascades_live import always_press
from tests.models.stand_ins import serve

pytestmark = pytest.mark.browser

TASKS = ("--tasks", "click-test,click-test-2")
SEEDS = ("--seeds", "200002..200003")
THREE = "small,every:2,oracle"
LIST = """[list_prices.{}]
input_usd_per_mtok = {}
output_usd_per_mtok = 4.0
"""


@pytest.fixture(scope="module")
def server():
    with serve(always_press) as server:
        yield server


@pytest.fixture(scope="module")
def kept(server, tmp_path_factory):
    """Where the ledger of what was played is kept, once there is one."""
    return tmp_path_factory.mktemp("kept") / "ledger.db"


@pytest.fixture
def played(call, server, kept, tmp_path):
    table = f"server = '{server}/v1'\nformat = 'compact'\n"
    (tmp_path / "flyball.toml").write_text(
        f"[run]\npolicy = 'little'\nstrong = 'big'\n[models.little]\n{table}[models.big]\n{table}"
    )
    if not kept.exists():
        words = ("--policy", THREE, *TASKS, *SEEDS, "--ledger", kept)
        result = call("bench", "run", "web", *words)
        assert result.code == 0, result.err
        assert [f"{name}:" in result.out for name in THREE.split(",")] == [True] * 3
    copyfile(kept, tmp_path / "ledger.db")


def test_what_was_played_is_compared_and_drawn(call, played, tmp_path):
    page = tmp_path / "front.html"
    words = ("bench", "compare", "web", "--policies", THREE, *TASKS, "--baseline", "oracle")
    result = call(*words, *SEEDS, "--html", page)
    assert result.code == 0
    assert "held against oracle" in result.out
    assert "every:2" in page.read_text()
    rows = json.loads(call(*words, *SEEDS, "--json").out)
    keys = {"suite", "split", "policy", "monitor", "metric", "value", "low", "high", "n"}
    assert all(keys <= set(row) for row in rows)
    assert {row["policy"] for row in rows} == set(THREE.split(","))
    metrics = {row["metric"] for row in rows}
    assert metrics >= {"success", "strong_calls", "joules", "usd", "seconds"}
    assert metrics >= {"joules_per_success", "usd_per_success", "success_difference"}
    won = {row["policy"]: row["value"] for row in rows if row["metric"] == "success"}
    assert won["oracle"] == 1.0


def test_what_is_missing_and_what_figures_rest_on_is_said(call, played, tmp_path):
    words = ("bench", "compare", "web", "--policies", "small,every:2", *TASKS)
    more = call(*words, "--seeds", "200002..200004")
    assert "small has not played 2 of 6 episodes, which are left out" in more.err
    assert "dollars are electricity and servers' own prices" in more.err
    toml = tmp_path / "flyball.toml"
    toml.write_text(toml.read_text() + LIST.format("little", "0.1"))
    half = call(*words, *SEEDS)
    assert half.code == 2
    assert "big has no list price" in half.err
    toml.write_text(toml.read_text() + LIST.format("big", "1.0"))
    priced = call(*words, *SEEDS, "--json")
    assert "dollars are list prices" in priced.err
    usd = [row for row in json.loads(priced.out) if row["metric"] == "usd"]
    assert {row["method"] for row in usd} == {"list price"}


def test_energy_can_come_from_a_ledger_of_its_own(call, played, tmp_path):
    several, words = tmp_path / "several.db", ("--policy", "small,every:2", *TASKS, *SEEDS)
    call("bench", "run", "web", *words, "--workers", "2", "--ledger", several)
    compare = ("bench", "compare", "web", "--policies", "small,every:2", *TASKS, *SEEDS)
    unknown = call(*compare, "--ledger", several, "--json")
    assert "energy is unknown" in unknown.err
    apart = call(*compare, "--ledger", several, "--energy-from", tmp_path / "ledger.db", "--json")
    for rows, known in ((json.loads(unknown.out), False), (json.loads(apart.out), True)):
        joules = [row for row in rows if row["metric"] == "joules"]
        assert {row["value"] is not None for row in joules} == {known}


def test_a_ledger_that_has_the_energy_of_some_tells_theirs(call, played, tmp_path):
    few = tmp_path / "few.db"
    call("bench", "run", "web", "--policy", "small", *TASKS, *SEEDS, "--ledger", few)
    compare = ("bench", "compare", "web", "--policies", "small,every:2", *TASKS, *SEEDS)
    result = call(*compare, "--energy-from", few, "--json")
    assert "no energy of every:2" in result.err
    known = {
        row["policy"]: row["value"] for row in json.loads(result.out) if row["metric"] == "joules"
    }
    assert known["small"] > 0
    assert known["every:2"] is None
    empty = tmp_path / "ledger.db"
    none = call(
        *compare[:3],
        "--policies",
        "every:2",
        *TASKS,
        *SEEDS,
        "--ledger",
        empty,
        "--energy-from",
        few,
    )
    assert "none of these policies was played there" in none.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--policies", "nonesuch"), "nothing to compare: nonesuch has not played"),
        (("--policies", "small", "--baseline", "cascade"), "--baseline cascade is not compared"),
        (("--policies", "small", "--energy-from", "none.db"), "none.db: no such ledger"),
        (("--policies", "random:2"), "P is a chance"),
        (("--policies", ","), "--policies names nothing"),
    ],
)
def test_what_cannot_be_compared_is_one_line(call, played, words, said):
    result = call("bench", "compare", "web", *TASKS, *SEEDS, *words)
    assert result.code == 2
    assert said in result.err
    assert result.err.count("\n") == 1
