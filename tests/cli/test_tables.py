import pytest

from flyball.cli import tables

NAMES = ("task", "runs", "joules", "dollars")
ROWS = [("click-button", "3", "1.25", "0.000001"), ("login", "12", "34.5", "0.000002")]


@pytest.fixture
def shown(monkeypatch, capsys):
    """What a terminal of so many columns shows."""

    def _shown(width: int) -> str:
        screen = tables.Console(width=width, highlight=False)
        monkeypatch.setattr(tables, "console", lambda: screen)
        tables.print_table(NAMES, ROWS, left=1, spare=("dollars", "runs"))
        return capsys.readouterr().out

    return _shown


def test_a_wide_terminal_shows_every_column(shown):
    assert all(name in shown(80) for name in NAMES)


def test_a_narrow_one_leaves_columns_out_and_says_which_but_cuts_no_figure(shown):
    narrow = shown(30)
    assert "0.000001" not in narrow
    assert "34.5" in narrow
    assert "also shows: dollars" in " ".join(narrow.split())
    assert "runs" not in shown(24).splitlines()[0]


def test_what_is_piped_is_not_cut():
    assert tables.console().width == tables.PIPE_WIDTH
