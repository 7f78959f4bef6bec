import pytest

from flyball.tools.page import Entry, cut, entry, parse


@pytest.mark.parametrize(
    "shown",
    [
        Entry(role="button", name="Login", number=3),
        Entry(role="text", name="Some words: 5 on = : here"),
        Entry(role="textbox", name="User", number=1, value="bob"),
        Entry(role="checkbox", name="", number=12, on=True, disabled=True, covered=True),
        Entry(role="select", name="Land", number=2, value="Peru", options=("Chile", "Peru")),
        Entry(role="textbox", name="Date", number=4, readonly=True),
        Entry(role="textbox", name="", number=5, value="a", multiline=True, above=True, below=True),
    ],
)
def test_a_line_is_read_back_as_it_was(shown):
    assert parse(f"url http://x/\n{shown.line}\nnot a line") == [shown]


def test_quotes_in_a_page_do_not_break_its_lines():
    odd = Entry(role="button", name='Say "hi"', number=1, value='a "b"')
    [back] = parse(odd.line)
    assert (back.name, back.value) == ("Say 'hi'", "a 'b'")
    assert back.label == odd.label


def test_what_the_reader_gives_becomes_an_entry():
    raw = {"role": "select", "name": "Land", "number": 4, "value": None, "options": ["a", "b"]}
    assert entry(raw, 9) == Entry(role="select", name="Land", number=9, options=("a", "b"))
    assert entry({"role": "text", "name": "x"}).number is None


def test_a_page_that_fits_is_not_cut():
    lines = ['button "A" 1', 'text "b"']
    assert cut(lines, budget_tokens=100) == lines


def test_a_cut_keeps_the_address_what_changed_and_what_can_be_acted_on():
    texts = [f'text "number {i} of many lines of text"' for i in range(50)]
    lines = ["url http://x/", "title X", *texts, 'button "Go" 1', 'text "new"']
    kept = cut(lines, budget_tokens=60, before=texts)
    assert kept[:2] == ["url http://x/", "title X"]
    assert 'button "Go" 1' in kept
    assert 'text "new"' in kept
    assert kept[-1].startswith("... ")
    assert len("\n".join(kept)) < 60 * 3.5
    shown = [line for line in kept if line in lines]
    assert shown == sorted(shown, key=lines.index)
