from decimal import Decimal
from pathlib import Path

import pytest

from flyball.config import Config, find_files, load_config, user_file
from flyball.errors import ConfigError, PluginError
from flyball.models.specs import ModelSpec
from flyball.monitors import (
    Bursts,
    Expectations,
    OpenHandsStuck,
    OverBudget,
    Priced,
    Repeats,
    Strictest,
    load_expectations,
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """A user with a home of their own, empty at first."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    return home


@pytest.fixture
def project(tmp_path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    return project


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refusal(project: Path, text: str) -> str:
    """What is said about a `flyball.toml` that reads `text`: one line that names the file."""
    path = write(project / "flyball.toml", text)
    with pytest.raises(ConfigError) as caught:
        load_config(project)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def test_without_a_file_the_defaults_hold(project):
    config = load_config(project)
    assert config == Config()
    assert config.run.policy == "bundled/small"
    assert config.run.max_steps == 30
    assert config.energy.usd_per_kwh == 0.30
    assert config.monitors() == [OverBudget(), Repeats(), OpenHandsStuck()]
    assert config.governor() == Strictest()


def test_the_file_of_a_parent_directory_holds_below_it(project):
    path = write(project / "flyball.toml", "[run]\nmax_steps = 7")
    below = project / "a" / "b"
    below.mkdir(parents=True)
    assert load_config(below).run.max_steps == 7
    assert load_config(below).files == (path,)


def test_the_nearer_file_goes_first_key_by_key(project):
    write(user_file(), "[run]\nmax_steps = 3\nstrong = 'big'\n[energy]\nusd_per_kwh = 0.1")
    write(project / "pyproject.toml", "[tool.flyball.run]\nmax_steps = 4\npolicy = 'mid'")
    write(project / "flyball.toml", "[run]\nmax_steps = 5")
    config = load_config(project)
    assert (config.run.max_steps, config.run.policy, config.run.strong) == (5, "mid", "big")
    assert config.energy.usd_per_kwh == 0.1
    assert [path.parent for path in config.files] == [project, project, user_file().parent]


def test_a_model_is_taken_whole_from_the_nearest_file(project):
    write(user_file(), "[models.m]\nserver = 'http://localhost:1/v1'\n[models.n]\ngguf = '/n'")
    write(project / "flyball.toml", "[models.m]\ngguf = '/m'")
    config = load_config(project)
    assert config.models["m"].server is None
    assert sorted(config.models) == ["m", "n"]


def test_a_model_is_found_by_its_name(project):
    text = "[models.m]\nserver = 'http://h/v1'\ninput_usd_per_mtok = 0.1\ncontext = 9"
    write(project / "flyball.toml", text)
    spec = load_config(project).model("m")
    assert spec == ModelSpec(
        name="m", server="http://h/v1", input_usd_per_mtok=Decimal("0.1"), context=9
    )


def test_the_bundled_models_need_no_configuration(project):
    config = load_config(project)
    assert "bundled/small" in config.model_names()
    assert config.model("bundled/small").gguf == Path("bundled/small")


def test_a_bundled_model_may_go_by_another_name(project):
    write(project / "flyball.toml", "[models.s]\ngguf = 'bundled/small'\nthreads = 2")
    assert load_config(project).model("s").gguf == Path("bundled/small")


def test_a_model_that_is_not_there_is_refused_with_the_way_to_add_it(project):
    write(project / "flyball.toml", "[models.m]\ngguf = '/m'")
    with pytest.raises(ConfigError, match=r"no model is called 'x'; there are: .*m; add it with: "):
        load_config(project).model("x")


def test_a_file_given_outright_is_the_only_one(project):
    write(project / "flyball.toml", "[run]\nmax_steps = 5")
    other = write(project / "other.toml", "[run]\npolicy = 'x'")
    config = load_config(project, explicit=other)
    assert (config.run.max_steps, config.run.policy) == (30, "x")
    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such file"):
        load_config(project, explicit=project / "nowhere.toml")


def test_somebody_elses_pyproject_is_passed_over(project):
    write(project / "pyproject.toml", "not toml [")
    assert find_files(project) == ()
    write(project / "pyproject.toml", "[project]\nname = 'flyball-user'")
    assert find_files(project) == ()


def test_paths_are_taken_from_the_file_they_stand_in(project, home):
    text = "[ledger]\npath = 'runs.db'\n[models.m]\ngguf = '~/m.gguf'"
    write(project / "flyball.toml", text)
    below = project / "below"
    below.mkdir()
    config = load_config(below)
    assert config.ledger.path == project / "runs.db"
    assert config.models["m"].gguf == home / "m.gguf"


def test_a_byte_order_mark_does_no_harm(project):
    (project / "flyball.toml").write_text("[run]\nmax_steps = 2", encoding="utf-8-sig")
    assert load_config(project).run.max_steps == 2


def test_the_ceilings_of_a_run_make_its_budget(project):
    write(project / "flyball.toml", "[run]\nmax_steps = 9\nbudget_usd = 0.1\nbudget_joules = 50")
    budget = load_config(project).budget()
    assert (budget.steps, budget.cost_usd, budget.joules) == (9, Decimal("0.1"), 50.0)


def test_a_browser_is_configured_by_name_or_path(project):
    text = "[browser]\nexecutable = 'sh'\nviewport = [800, 600]\nallow_hosts = ['a.test']"
    write(project / "flyball.toml", text)
    browser = load_config(project).browser
    assert browser.executable is not None
    assert browser.executable.is_absolute()
    assert browser.executable.exists()
    assert (browser.viewport, browser.allow_hosts) == ((800, 600), ("a.test",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[run]\nmax_stepss = 3", "run: no key is called 'max_stepss'; did you mean 'max_steps'?"),
        ("[ruun]", "no key is called 'ruun'; did you mean 'run'?"),
        ("x = 1", "no key is called 'x'; there are: browser, energy, governor, ledger,"),
        ("run = 1", "run: "),
        (
            "[run]\nmax_steps = 'three'",
            "run.max_steps: input should be a valid integer, not 't",
        ),
        ("[run]\nmax_steps = 0", "run.max_steps: input should be greater than 0, not 0"),
        ("[run]\nmax_steps = true", "run.max_steps: input should be a valid integer, not True"),
        ("[browser]\nheadless = 'yes'", "browser.headless: input should be a valid boolean"),
        ("[browser]\nviewport = [800]", "browser.viewport"),
        ("[browser]\nallow_hosts = [1]", "browser.allow_hosts.0: input should be a valid string"),
        ("[models.m]\ngguf = '/m'\napi_key = 'sk'", "models.m: api_key is refused: secrets do not"),
        ("[models.m]", "models.m: give exactly one of gguf (a file) and server (an address)"),
        ("[models.m]\ngguf = 'm'\nserver = 'http://h/v1'", "models.m: give exactly one of"),
        ("[models.m]\ngguf = 'm'\nformat = 'x'", "models.m.format: input should be 'compact'"),
        ("[models.m]\nserver = 'localhost'", "models.m.server: 'localhost' is no address"),
        (
            "[models.m]\ngguf = '/m'\ncontxt = 1",
            "models.m: no key is called 'contxt'; did you",
        ),
        (
            "[monitors.repeets]\nlimit = 3",
            "no monitor is called 'repeets'; did you mean 'repeats'",
        ),
        (
            "[run]\nmonitors = ['repeets']",
            "no monitor is called 'repeets'; did you mean 'repeats'",
        ),
        ("[monitors.repeats]\nlimt = 3", "monitors.repeats: no setting is called 'limt'; did you"),
        ("[monitors.repeats]\nlimit = 'a'", "monitors.repeats: limit: input should be a valid int"),
        ("[run\n", "is not valid TOML: "),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(project, text, message):
    assert refusal(project, text).startswith(message)


def test_bad_toml_is_refused_with_its_line(project):
    assert "line 2" in refusal(project, "[run]\nmax_steps = \n")


def test_text_that_is_not_utf8_is_refused(project):
    (project / "flyball.toml").write_bytes(b'[run]\npolicy = "\xff"')
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load_config(project)


def test_a_directory_in_place_of_the_file_is_refused(project):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(explicit=project)


def test_monitors_are_built_with_their_settings(project):
    text = "[run]\nmonitors = ['repeats']\n[monitors.repeats]\nlimit = 2\nruling = 'stop'"
    write(project / "flyball.toml", text)
    assert load_config(project).monitors() == [Repeats(limit=2, ruling="stop")]


def test_settings_alone_do_not_switch_a_monitor_on(project):
    write(project / "flyball.toml", "[run]\nmonitors = []\n[monitors.repeats]\nlimit = 2")
    assert load_config(project).monitors() == []


PLUGIN = """
from dataclasses import dataclass
from flyball import Verdict

class Plain:
    def __init__(self, *, limit=1):
        self.name, self.limit = "plain", limit

    def judge(self, trajectory):
        return Verdict(monitor=self.name)

@dataclass
class Strange:
    limit: "Nowhere" = None
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch) -> None:
    """Install a package with monitors that somebody else wrote."""
    packages = tmp_path / "packages"
    write(packages / "theirs.py", PLUGIN)
    write(packages / "theirs-1.dist-info" / "METADATA", "Name: theirs\nVersion: 1\n")
    entries = "[flyball.monitors]\nplain = theirs:Plain\nstrange = theirs:Strange\n"
    write(packages / "theirs-1.dist-info" / "entry_points.txt", entries)
    monkeypatch.syspath_prepend(packages)


@pytest.mark.usefixtures("plugin")
def test_a_monitor_of_a_plugin_is_set_like_our_own(project):
    write(project / "flyball.toml", "[run]\nmonitors = ['plain']\n[monitors.plain]\nlimit = 4")
    [monitor] = load_config(project).monitors()
    assert vars(monitor) == {"name": "plain", "limit": 4}
    assert refusal(project, "[monitors.plain]\nlimt = 4").startswith("monitors.plain: ")


@pytest.mark.usefixtures("plugin")
def test_a_plugin_whose_settings_cannot_be_read_is_named(project):
    write(project / "flyball.toml", "[monitors.strange]\nlimit = 4")
    with pytest.raises(PluginError, match="the monitor 'strange'"):
        load_config(project)


def test_a_pyproject_that_cannot_be_read_as_text_is_passed_over(project):
    (project / "pyproject.toml").write_bytes(b"\xff")
    assert find_files(project) == ()


def test_the_governor_is_what_its_table_says(project):
    write(
        project / "flyball.toml",
        "[governor]\nburst = 'permanent'\nconfidence = 0.5\nmost_bursts = 2\nflapping = 'stop'",
    )
    config = load_config(project)
    assert config.governor() == Strictest(
        confidence=0.5, bursts=Bursts(steps=None, most=2, flapping="stop")
    )
    write(project / "flyball.toml", "[governor]\nconfidence = 0.7")
    assert load_config(project).governor().bursts.steps == 5
    assert "did you mean 'burst'?" in refusal(project, "[governor]\nburts = 3")
    assert "burst" in refusal(project, "[governor]\nburst = 0")


def test_a_priced_governor_needs_the_expectations_of_its_own_pair(project):
    table = Expectations(small="small", strong="large", cells={})
    write(project / "e.json", table.to_json())
    write(
        project / "flyball.toml",
        "[governor]\nkind = 'priced'\nexpectations = 'e.json'\nfailed_task_usd = 2.0",
    )
    governor = load_config(project).governor("small", "large")
    for_good = Bursts(steps=None)
    assert governor == Priced(
        expectations=table, strong="large", failed_task_usd=2.0, bursts=for_good
    )
    with pytest.raises(ConfigError, match="learned on runs of large, not of huge"):
        load_config(project).governor("small", "huge")


def test_a_preference_prices_and_without_anything_to_expect_it_is_refused(project):
    write(project / "e.json", Expectations(cells={}).to_json())
    write(project / "flyball.toml", "[governor]\nexpectations = 'e.json'\ncooldown = 4")
    config = load_config(project)
    assert config.with_preference(None) == config
    governor = config.with_preference("energy").governor()
    assert (governor.prefer, governor.bursts.cooldown) == ("energy", 4)
    with pytest.raises(ConfigError, match="--prefer"):
        config.with_preference("speed")
    usual = ("over_budget", "repeats", "openhands_stuck")
    learned = ("stuck", "milestone", "will_fail")
    priced = config.with_preference("energy")
    assert (config.watching, priced.watching) == (usual, (*usual, *learned))
    assert [monitor.name for monitor in priced.monitors()] == [*usual, *learned]
    assert priced.in_shadow(True).run.shadow == (*usual[1:], *learned)
    write(
        project / "flyball.toml",
        "[run]\nmonitors = ['repeats']\n[governor]\nkind = 'priced'\nexpectations = 'e.json'",
    )
    assert load_config(project).watching == ("repeats",)
    if load_expectations() is None:
        with pytest.raises(ConfigError, match="flyball monitors expect"):
            Config().with_preference("energy").governor()


def test_a_call_may_say_how_freely_models_sample(project):
    write(project / "flyball.toml", "[run]\ntemperature = 0.3")
    config = load_config(project)
    assert (Config().run.temperature, config.with_temperature(None).run.temperature) == (0, 0.3)
    assert config.with_temperature(0.7).run.temperature == 0.7
