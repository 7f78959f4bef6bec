"""`flyball run` on pages of our own, with the bundled model in a real Chromium."""

import json

import pytest

from tests.site import serve_site

pytestmark = [pytest.mark.browser, pytest.mark.llama]


@pytest.fixture(scope="module")
def site():
    with serve_site() as site:
        yield site


def test_a_login_form_is_filled_in_and_checked(call, site):
    result = call(
        *("run", 'Enter the username "bob" and the password "zk3" and press login.'),
        *("--url", site.url("/login.html"), "--expect", "You are in."),
    )
    assert (result.code, result.err) == (0, "")
    assert "succeeded, as its checker says" in result.out
    assert "u=bob&p=zk3" in "".join(site.asked)
    # The goal is the user's own words; of the rest, nothing tells the password.
    kept = json.loads(call("show", result.out.split()[-1].rstrip(")"), "--json").out)
    assert "bob" in json.dumps(kept["steps"])
    assert "zk3" not in json.dumps(kept["steps"])
    assert "zk3" not in result.out
    assert all(0 <= step["action"]["forbidden"] <= 1 for step in kept["steps"])


def test_a_policy_may_be_left_to_itself(call, site):
    words = ("run", 'Search for "cats".', "--url", site.url("/search.html"), "--no-grammar")
    steps = json.loads(call(*words, "--json").out)["steps"]
    assert {step["action"]["forbidden"] for step in steps} == {None}


def test_a_search_box_works_and_without_a_checker_nothing_is_claimed(call, site):
    result = call("run", 'Search for "cats".', "--url", site.url("/search.html"))
    assert "nothing checked whether the task is done" in result.out
    assert any("q=cats" in asked for asked in site.asked)


def test_a_task_beyond_the_bundled_policy_fails_honestly(call, site):
    result = call(
        *("run", "Work out the capital of the country with the longest river, and log in with it."),
        *("--url", site.url("/login.html"), "--expect", "no such words", "--max-steps", "4"),
    )
    assert result.code == 1
    assert "failed, as its checker says" in result.out


def test_json_is_the_run_and_its_steps_and_show_gives_the_same(call, site):
    result = call(
        *("run", 'Search for "dogs".', "--url", site.url("/search.html")),
        *("--json", "--seed", "7", "--max-steps", "5"),
    )
    printed = json.loads(result.out)
    assert printed["run"]["seed"] == 7
    assert printed["run"]["task"]["budget"]["steps"] == 5
    first = printed["steps"][0]
    assert first["policy_spend"]["usage"]["input_tokens"] > 0
    assert (
        first["policy_spend"]["energy"]["estimated_j"] or first["policy_spend"]["energy"]["cpu_j"]
    )
    assert all(logprob <= 0 for logprob in first["action"]["logprobs"])
    shown = call("show", printed["run"]["id"][:-2], "--json")
    assert json.loads(shown.out) == printed
    assert "fill" in call("show", printed["run"]["id"]).out


def test_a_budget_in_joules_stops_a_run(call, site):
    result = call(
        *("run", 'Search for "dogs".', "--url", site.url("/search.html")),
        *("--budget-joules", "0.000001"),
    )
    assert result.code == 1
    assert "stopped by over_budget: out of joules" in result.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--policy", "nonesuch"], 2, "no model is called 'nonesuch'"),
        (["--agent", "nonesuch"], 2, "no agent is called 'nonesuch'"),
        (["--agent", "code"], 2, "the coding agent needs a repository; add --repo DIR"),
        (["--ledger", "/proc/ledger.db"], 3, "/proc/ledger.db"),
    ],
)
def test_a_wrong_call_is_one_line(call, site, words, code, said):
    result = call("run", "Go.", "--url", site.url("/login.html"), *words)
    assert (result.code, result.out) == (code, "")
    assert said in result.err
    assert result.err.count("\n") == 1


def test_a_page_that_does_not_load_is_one_line(call):
    result = call("run", "Go.", "--url", "http://127.0.0.1:9/")
    assert result.code == 3
    assert "cannot open http://127.0.0.1:9/" in result.err
    assert result.err.count("\n") == 1
    assert call("run", "Go.").code == 2
    assert "not an address" in call("run", "Go.", "--url", "nowhere").err


CASCADE = """
[run]
monitors = ["over_budget", "milestone"]
[monitors.milestone]
threshold = 0.0
[governor]
verifier = "checker"
burst = 1
[models.big]
gguf = "bundled/small"
[models.dead]
server = "http://127.0.0.1:9/v1"
format = "compact"
"""


@pytest.mark.parametrize("strong", ["big", "dead"])
def test_an_answer_that_the_checker_refuses_goes_to_the_strong_policy(call, site, tmp_path, strong):
    (tmp_path / "flyball.toml").write_text(CASCADE)
    result = call(
        *("run", "Work out the longest river.", "--url", site.url("/welcome.html")),
        *("--expect", "no such words", "--strong", strong, "--max-steps", "5"),
    )
    assert result.code == 1
    assert "the check fails: the task's own checker says that it is not done" in result.out
    assert f"[hand-over] bundled/small -> {strong}: compact" in result.out
    assert ("[silence] dead did not answer" in result.out) is (strong == "dead")
    why = call("show", result.out.split()[-1].rstrip(")"), "--why").out
    assert "verified: failed" in why


def test_prices_need_something_to_expect(call, site):
    result = call("run", "Go.", "--url", site.url("/login.html"), "--prefer", "speed")
    assert result.code == 2
    assert "speed" in result.err


def test_a_missing_browser_is_one_line(call, site, monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    result = call("run", "Go.", "--url", site.url("/login.html"))
    assert result.code == 3
    assert "there is no browser at '/no/such/browser'; install it" in result.err


@pytest.mark.parametrize(
    ("toml", "code", "said"),
    [
        ("[run]\npolcy = 'x'", 2, "policy"),
        ("[run", 2, "flyball.toml"),
        ("[run]\npolicy='m'\n[models.m]\ngguf='bad.gguf'", 3, "bad.gguf"),
        ("[run]\npolicy='m'\n[models.m]\ngguf='none.gguf'", 3, "none.gguf"),
        ("[run]\npolicy='m'\n[models.m]\nserver='http://127.0.0.1:9/v1'", 3, "127.0.0.1:9"),
        ("[run]\nmonitors=['nonesuch']", 2, "nonesuch"),
    ],
)
def test_a_wrong_configuration_is_one_line(call, site, tmp_path, toml, code, said):
    (tmp_path / "flyball.toml").write_text(toml)
    (tmp_path / "bad.gguf").write_text("this is no model")
    result = call("run", "Go.", "--url", site.url("/login.html"))
    assert result.code == code
    assert said in result.err
    assert result.err.count("\n") == 1, result.err
    assert "Traceback" not in result.err


def test_a_server_that_answers_nonsense_is_one_line_and_the_run_is_kept(call, site, tmp_path):
    site.pages["/v1/completions"] = "<html>not an API</html>"
    (tmp_path / "flyball.toml").write_text(
        f"[run]\npolicy='m'\n[models.m]\nserver='{site.url('/v1')}'\nformat='compact'"
    )
    result = call("run", "Go.", "--url", site.url("/login.html"))
    assert result.code == 3
    assert site.address in result.err
    assert result.err.count("\n") == 1
    assert "ModelError" in call("runs").out
