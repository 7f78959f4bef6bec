"""What the form says, as words of `flyball run`."""

from flyball.tui.start import call, wrong
from tests.tui.test_warning import CODE, WEB

FORM = {"expect": "", "policy": "as configured", "file": "", "tests": "", "prefer": "as configured"}


def test_a_run_on_code_is_told_its_file_its_tests_and_what_becomes_of_the_change():
    told = {"file": "calc.py", "tests": "make test", "then": "thrown away", "prefer": "energy"}
    values = {**CODE, **FORM, **told}
    assert wrong(values) == ""
    assert call(values) == (
        *("run", "Order tea.", "--agent", "code", "--repo", "/src/tea", "--then", "discard"),
        *("--file", "calc.py", "--test-command", "make test", "--prefer", "energy"),
    )


def test_a_run_on_the_web_is_told_nothing_of_code():
    values = {**WEB, **FORM, "file": "calc.py", "tests": "make test", "hosts": "pay.example"}
    assert call(values) == (
        *("run", "Order tea.", "--agent", "web", "--url", "http://shop.example/"),
        *("--allow-host", "pay.example"),
    )
