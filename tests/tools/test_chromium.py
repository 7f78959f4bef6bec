import pytest

from flyball.errors import ToolError
from flyball.tools.browser.chromium import check_display, find_chromium, switches


def test_the_path_is_searched_and_the_environment_goes_first(tmp_path, monkeypatch):
    for name in ("chromium", "mine"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert find_chromium() == tmp_path / "chromium"
    monkeypatch.setenv("CHROMIUM", "mine")
    assert find_chromium() == tmp_path / "mine"
    assert find_chromium(str(tmp_path / "chromium")) == tmp_path / "chromium"


def test_a_machine_without_one_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(ToolError, match="install it"):
        find_chromium(own=tmp_path / "absent")
    (tmp_path / "downloaded").touch()
    assert find_chromium(own=tmp_path / "downloaded") == tmp_path / "downloaded"


def test_a_visible_browser_needs_a_display(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    check_display()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(ToolError, match="leave out --watch"):
        check_display()


def test_the_inner_sandbox_is_off_only_for_root(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "--no-sandbox" not in switches()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert "--no-sandbox" in switches()
