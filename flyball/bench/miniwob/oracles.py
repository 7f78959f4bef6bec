"""What a perfect player does at each MiniWoB++ task, from the text of the page alone.

An oracle is a pure function of the goal, the page and the history (as the compact format
tells it), so it serves to collect demonstrations and as the upper bound of a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from flyball.records import Action
from flyball.tools.page import Entry

Page = Sequence[Entry]
Oracle = Callable[[str, Page, Sequence[str]], Action]


class NoMoveError(LookupError):
    """The page does not show what the goal asks for."""


def click(entry: Entry) -> Action:
    return Action(tool="click", arguments={"element": entry.number, "target": entry.label})


def fill(entry: Entry, text: str) -> Action:
    arguments = {"element": entry.number, "target": entry.label, "text": text}
    return Action(tool="fill", arguments=arguments)


def select(entry: Entry, option: str) -> Action:
    arguments = {"element": entry.number, "target": entry.label, "option": option}
    return Action(tool="select", arguments=arguments)


def find(page: Page, name: str | None = None, *roles: str) -> Entry:
    """Give the first element of one of `roles` (any, if none) that is called `name`."""
    for entry in page:
        if entry.number is None or (roles and entry.role not in roles):
            continue
        if name is None or entry.name.lower() == name.lower():
            return entry
    raise NoMoveError(f"no {'/'.join(roles) or 'element'} {name or ''}")


def boxes(page: Page) -> list[Entry]:
    return [entry for entry in page if entry.role == "textbox"]


def quoted(goal: str) -> list[str]:
    return re.findall(r'"([^"]*)"', goal)


def _click_quoted(*roles: str) -> Oracle:
    return lambda goal, page, history: click(find(page, quoted(goal)[0], *roles))


def _click_first(*roles: str) -> Oracle:
    return lambda goal, page, history: click(find(page, None, *roles))


def _fill_all(button: str) -> Oracle:
    """Fill the boxes with what the goal quotes, then press `button`."""

    def oracle(goal: str, page: Page, history: Sequence[str]) -> Action:
        wanted = quoted(goal)
        for index, box in enumerate(boxes(page)):
            text = wanted[min(index, len(wanted) - 1)]
            # A password is shown as dots, so only its length can be checked.
            if box.value != text and box.value != "•" * len(text):
                return fill(box, text)
        return click(find(page, button, "button"))

    return oracle


def _popup_then_login(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Stay on the page, where a pop-up asks; here the button to log in is called OK."""
    for entry in page:
        if entry.role == "button" and entry.name == "Cancel":
            return click(entry)
    return _fill_all("OK")(goal, page, history)


def _focus_nth(goal: str, page: Page, history: Sequence[str]) -> Action:
    number = re.search(r"(\d)", goal)
    return click(boxes(page)[int(number[1]) - 1 if number else 0])


def _search_tabs(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Open what is not open yet until the link shows."""
    wanted = quoted(goal)[0]
    for entry in page:
        if entry.role in ("item", "link") and entry.name == wanted:
            return click(entry)
    shut = [entry for entry in page if entry.role == "tab" and not entry.on]
    fresh = [entry for entry in shut if f'click "{entry.name}"' not in history]
    if not shut:
        raise NoMoveError(f"no link {wanted}")
    return click((fresh or shut)[0])


def _open_then_submit(goal: str, page: Page, history: Sequence[str]) -> Action:
    tab = find(page, None, "tab")
    return click(find(page, "submit", "button")) if tab.on else click(tab)


def _tab_by_name(goal: str, page: Page, history: Sequence[str]) -> Action:
    match = re.search(r"(Tab #\d)", goal)
    return click(find(page, match[1] if match else None, "tab"))


def _tick(goal: str, page: Page, history: Sequence[str]) -> Action:
    match = re.search(r"Select (.*) and click", goal)
    listed = match[1] if match else ""
    wanted = set() if listed == "nothing" else set(listed.split(", "))
    for entry in page:
        if entry.role in ("checkbox", "radio") and entry.on != (entry.name in wanted):
            if entry.role == "radio" and entry.on:
                continue
            return click(entry)
    return click(find(page, "submit", "button"))


def _choose(goal: str, page: Page, history: Sequence[str]) -> Action:
    match = re.search(r"Select (.*) from the list", goal)
    wanted, box = match[1] if match else "", find(page, None, "select")
    if box.value != wanted:
        return select(box, wanted)
    return click(find(page, "submit", "button"))


def _dialog_button(goal: str, page: Page, history: Sequence[str]) -> Action:
    wanted = quoted(goal)[0]
    return click(find(page, "close" if wanted == "x" else wanted, "button"))


def _in_order(goal: str, page: Page, history: Sequence[str]) -> Action:
    names = re.findall(r"button ([A-Z]+)", goal)
    done = [name for name in names if f'click "{name}"' in history]
    return click(find(page, names[min(len(done), len(names) - 1)], "button"))


def _delete_mail(goal: str, page: Page, history: Sequence[str]) -> Action:
    match = re.search(r"email by (\S+) and", goal)
    sender = match[1] if match else ""
    for entry in page:
        if entry.role == "item" and re.match(rf"trash \| {re.escape(sender)}\b", entry.name):
            return click(entry)
    for entry in page:  # a message or the search pane is open: go back to the list
        if entry.role == "item" and re.match(r"close|cancel", entry.name):
            return click(entry)
    raise NoMoveError(f"no email by {sender}")


ORACLES: Mapping[str, Oracle] = {
    "choose-list": _choose,
    "click-button": _click_quoted("button"),
    "click-button-sequence": _in_order,
    "click-checkboxes": _tick,
    "click-checkboxes-large": _tick,
    "click-checkboxes-transfer": _tick,
    "click-collapsible": _open_then_submit,
    "click-collapsible-2": _search_tabs,
    "click-dialog": _dialog_button,
    "click-dialog-2": _dialog_button,
    "click-link": _click_quoted("item", "link"),
    "click-option": _tick,
    "click-tab": _tab_by_name,
    "click-tab-2": _search_tabs,
    "click-tab-2-easy": _search_tabs,
    "click-test": _click_first("button"),
    "click-test-2": lambda goal, page, history: click(find(page, "ONE", "button")),
    "email-inbox-delete": _delete_mail,
    "enter-password": _fill_all("submit"),
    "enter-text": _fill_all("submit"),
    "enter-text-dynamic": _fill_all("submit"),
    "focus-text": _focus_nth,
    "focus-text-2": _focus_nth,
    "login-user": _fill_all("login"),
    "login-user-popup": _popup_then_login,
}

UNTRAINED = (
    "click-checkboxes-large",
    "click-checkboxes-transfer",
    "click-collapsible-2",
    "click-test-2",
    "enter-text-dynamic",
    "login-user-popup",
)
TRAINED = tuple(task for task in ORACLES if task not in UNTRAINED)
