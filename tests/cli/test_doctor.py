import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.llama]


def test_the_doctor_finds_all_that_the_main_job_needs(call):
    result = call("doctor", "--json")
    found = {finding["part"]: finding for finding in json.loads(result.out)}
    assert result.code == 0
    assert {"config", "ledger", "browser", "llama", "rapl", "nvml", "estimate", "sandbox"} <= set(
        found
    )
    assert all(finding["ok"] for finding in found.values() if finding["needed"])
    assert all(finding["detail"] for finding in found.values())


def test_each_problem_comes_with_its_remedy(call, monkeypatch, tmp_path):
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    (tmp_path / "flyball.toml").write_text("[rn]\n")
    result = call("doctor")
    assert result.code == 3
    assert "FAIL  config" in result.out
    assert "FAIL  browser" in result.out
    assert "-> install it" in result.out


def test_the_browser_is_the_one_of_the_configuration(call, tmp_path):
    (tmp_path / "flyball.toml").write_text("[browser]\nexecutable = '/no/such/browser'\n")
    result = call("doctor")
    assert "FAIL  browser" in result.out
    assert "/no/such/browser" in result.out
