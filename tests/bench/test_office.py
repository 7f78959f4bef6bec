"""The office suite, played in process."""

from collections import Counter

import pytest

from flyball.agents.marking import PAGE_TOKENS
from flyball.bench.miniwob.oracles.moves import NoMoveError, find
from flyball.bench.office import IRREVERSIBLE, TEMPLATES, Job, Office, Tab
from flyball.bench.office.data import FIRST_ORDER
from flyball.bench.office.moves import View, click, fill, go, select, submit, turn
from flyball.bench.office.pages import Form, Heading, Link, Text
from flyball.bench.office.templates.drawing import CANCELLED, FILTER, LOOK_ALIKES, MOVED
from flyball.records import Action
from flyball.tools.page import cut, parse

NAMES = sorted(TEMPLATES)
SEEDS = range(250_000, 250_008)


def win(job, pages=None):
    """Let the oracle play; gives its answer, its number of steps, and the milestones after each."""
    tab, oracle, told, reached = Tab(job.site), job.template.oracle(), [], [job.subgoals()]
    for _ in range(job.template.steps[1]):
        if pages is not None:
            pages.append([entry.line for entry in tab.entries])
        if (action := oracle(job.goal, tab.entries, told)).is_final:
            return action.arguments.get("answer"), len(told) + 1, reached
        names = [e.name for e in tab.entries if e.number == action.arguments["element"]]
        told.append(f'{action.tool} "{names[0]}"')
        assert tab.act(action)
        reached.append(job.subgoals())
    raise AssertionError(f"{job.goal!r} was not finished: {told}")


@pytest.mark.parametrize("name", NAMES)
def test_the_oracle_wins_in_the_steps_that_the_template_declares(name):
    fewest, most = TEMPLATES[name].steps
    assert 8 <= fewest <= most <= 30
    for seed in SEEDS:
        job = Job(TEMPLATES[name], seed)
        answer, steps, _ = win(job)
        assert job.score(answer) == 1.0
        assert fewest <= steps <= most


@pytest.mark.parametrize("name", NAMES)
def test_milestones_are_reached_one_after_another_and_all_of_them(name):
    job = Job(TEMPLATES[name], 250_003)
    _, _, reached = win(job)
    assert len(job.milestones) == len(reached[0]) >= 2
    assert not reached[0][0]
    assert not all(reached[0])
    assert all(reached[-1])
    counts = [sum(vector) for vector in reached]
    assert counts == sorted(counts)


@pytest.mark.parametrize("name", NAMES)
def test_the_checker_refuses_near_misses(name):
    template, seed = TEMPLATES[name], 250_001
    before = Job(template, seed).site.data.dump()
    done = Job(template, seed)
    answer, _, _ = win(done)
    after = done.site.data.dump()
    untouched = Job(template, seed)
    assert untouched.score(answer) == (1.0 if before == after else 0.0)
    done.site.data.run("update customers set phone = '1' where id = 1")
    assert done.score(answer) == 0.0
    changed = [(table, row) for table in after for row in after[table] if row not in before[table]]
    for table, row in changed:
        again = Job(template, seed)
        win(again)
        column = {"orders": "note", "mail": "body", "items": "level", "customers": "phone"}[table]
        again.site.data.put(table, int(row[0]), **{column: "off by a little"})
        assert again.score(answer) == 0.0


@pytest.mark.parametrize("name", [name for name in NAMES if TEMPLATES[name].answer])
def test_a_question_needs_its_answer(name):
    job = Job(TEMPLATES[name], 250_000)
    answer, _, _ = win(job)
    assert job.score(f" {answer}. ".lower()) == 1.0
    assert job.score(None) == job.score("about 7") == 0.0


def test_cancelling_the_wrong_order_as_well_fails():
    job = Job(TEMPLATES["cancel-order"], 250_000)
    win(job)
    other = job.site.data.row("select id from orders where status = 'Open'")["id"]
    job.site.post(f"/orders/{other}/cancelled", {"reason": "Out of stock"})
    assert job.score(None) == 0.0
    assert len(job.site.final) == 2


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_office_and_another_seed_another(name):
    jobs = [Job(TEMPLATES[name], seed) for seed in (250_000, 250_000, 250_001)]
    first, same, other = ((job.goal, job.site.data.dump(), job.site.filters) for job in jobs)
    assert first == same
    assert first[0] != other[0]
    assert first[1] != other[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_goal_comes_in_several_wordings_that_all_say_the_same(name):
    template = TEMPLATES[name]
    assert len(template.wordings) >= 4
    said = Counter()
    for seed in range(40):
        job = Job(template, seed)
        want = template.understand(job.goal)
        assert {key: job.facts[key] for key in want} == want
        said[next(w for w in template.wordings if w.format(**job.facts) == job.goal)] += 1
    assert len(said) >= 4


def test_a_goal_of_another_task_is_not_understood():
    with pytest.raises(ValueError, match="no goal of cancel-order"):
        TEMPLATES["cancel-order"].understand("Make tea.")


@pytest.mark.parametrize("name", NAMES)
def test_no_page_is_longer_than_a_policy_can_read(name):
    for seed in SEEDS[:3]:
        job, pages = Job(TEMPLATES[name], seed), []
        win(job, pages)
        for lines in pages:
            assert len(lines) <= 35
            assert cut(lines, budget_tokens=PAGE_TOKENS) == lines


def test_there_are_enough_tasks_and_three_of_them_are_kept_apart():
    office = Office()
    assert len(office.trained) + len(office.untrained) == len(TEMPLATES) >= 15
    assert len(office.untrained) == 3
    assert not set(office.trained) & set(office.untrained)
    assert all(office.max_steps(name) > TEMPLATES[name].steps[1] for name in TEMPLATES)


def test_every_template_has_traps_and_the_offices_have_them_too():
    assert all(template.traps for template in TEMPLATES.values())
    for trap in (LOOK_ALIKES, CANCELLED, FILTER, MOVED):
        assert any(trap in template.traps for template in TEMPLATES.values())
    jobs = [Job(TEMPLATES["change-quantity"], seed) for seed in range(30)]
    alike = "select 1 from customers where name like ? || '%' and id != ?"
    meant = [(job, job.facts["customer"], job.facts["customer_id"]) for job in jobs]
    assert sum(bool(job.site.data.rows(alike, name, me)) for job, name, me in meant) > 15
    twice = "select 1 from orders where customer = ? and status = 'Cancelled'"
    assert all(job.site.data.rows(twice, int(me)) for job, _, me in meant)
    assert 5 < sum(bool(job.site.filters) for job in jobs) < 30
    assert {job.site.keep_first for job in jobs} == {True, False}


def test_an_order_that_was_changed_moves_to_the_top_of_the_list():
    site = Job(TEMPLATES["cancel-order"], 3).site
    site.filters.clear()
    rows = [link.text for link in site.get("/orders") if isinstance(link, Link) and link.beside]
    assert rows[0] == f"Order {FIRST_ORDER}"
    site.post("/orders/1033/save", {"note": "new"})
    rows = [link.text for link in site.get("/orders") if isinstance(link, Link) and link.beside]
    assert rows[0] == "Order 1033"


def test_a_filter_stays_on_until_it_is_cleared():
    tab = Tab(Job(TEMPLATES["restock"], 250_000).site)
    for name in ("Orders", "Orders"):
        tab.act(go(View(tab.entries), name))
    tab.act(select(find(tab.entries, "Status", "select"), "Paid"))
    tab.act(click(find(tab.entries, "Search", "button")))
    tab.act(go(View(tab.entries), "Stock"))
    tab.act(go(View(tab.entries), "Orders"))
    assert View(tab.entries).applied == {"status": "Paid"}
    tab.act(go(View(tab.entries), "Show all"))
    assert View(tab.entries).applied == {}
    tab.act(go(View(tab.entries), "Next page"))
    assert View(tab.entries).says("Page 2 of 4")


def test_a_form_that_cannot_be_saved_says_why_and_changes_nothing():
    site = Job(TEMPLATES["restock"], 250_000).site
    before = site.data.dump()
    for url, form in (
        ("/customers/1/save", {"name": " "}),
        ("/customers/create", {}),
        ("/orders/1001/save", {"quantity": "many"}),
        ("/orders/create?customer=1", {"item": "Cloud", "quantity": "1"}),
        ("/orders/create?customer=1", {"item": "Rug", "quantity": "x"}),
        ("/stock/1/save", {"count": "-1", "level": "2"}),
        ("/stock/1/reordered", {"quantity": ""}),
        ("/mail/draft?customer=1", {"subject": "", "message": "x"}),
    ):
        assert site.get(site.post(url, form))
        page = site.get("/")
        assert any(isinstance(e, Text) and e.text.startswith("Not saved: ") for e in page), url
    assert site.data.dump() == before


def test_an_address_that_does_not_exist_leads_nowhere():
    site = Job(TEMPLATES["restock"], 250_000).site
    for url in ("/cellar", "/orders/9", "/customers/999/edit"):
        assert Heading(text="There is no such page") in site.get(url)
    for url in ("/cellar", "/orders/9/save", "/mail/send?x=1"):
        assert site.post(url, {}) in ("/", "/mail")
    assert [site.get(url) for url in ("/mail/preview", "/mail/change")] == ["/mail", "/mail"]


def test_a_cancelled_order_cannot_be_cancelled_again():
    site = Job(TEMPLATES["restock"], 250_000).site
    site.data.put("orders", 1005, status="Cancelled", reason="Entered twice")
    assert site.get("/orders/1005/cancel") == "/orders/1005"
    site.post("/orders/1005/cancelled", {"reason": "Out of stock"})
    assert site.data.row("select reason from orders where id = 1005")["reason"] == "Entered twice"
    assert site.final == []


def test_what_cannot_be_undone_stands_on_a_page_that_asks():
    site = Job(TEMPLATES["restock"], 250_000).site
    site.data.put("orders", 1005, status="Open")
    to = site.post("/mail/draft?customer=1", {"subject": "Hello", "message": "There"})
    for url in ("/orders/1005/cancel", to):
        page = site.get(url)
        assert [e.button for e in page if isinstance(e, Form)][0] in IRREVERSIBLE  # noqa: RUF015
        assert Text(text="This cannot be undone.") in page


def test_a_mail_can_be_changed_before_it_is_sent_and_moved_back_from_the_archive():
    site = Job(TEMPLATES["restock"], 250_000).site
    site.post("/mail/draft?customer=1", {"subject": "Hello", "message": "There"})
    tab = Tab(site)
    tab._open("/mail/preview")
    tab.act(go(View(tab.entries), "Change it"))
    assert find(tab.entries, "Message", "textbox").value == "There"
    site.post("/mail/1/move?folder=Archive", {})
    tab._open("/mail/1")
    tab.act(click(find(tab.entries, "Move to Inbox", "button")))
    assert site.data.row("select folder from mail where id = 1")["folder"] == "Inbox"


def test_the_oracle_leaves_a_form_in_which_the_wrong_field_was_changed():
    page = parse('textbox "Note" 1 = "x"\ntextbox "Quantity" 2 = "3"\nlink "Leave it as it is" 3')
    wrong = submit(View(page, ['click "Edit order"', 'fill "Quantity"']), "Save", Note="y")
    right = submit(View(page, ['fill "Quantity"', 'click "Edit order"']), "Save", Note="y")
    assert (wrong.tool, wrong.arguments["element"]) == ("click", 3)
    assert (right.tool, right.arguments["text"]) == ("fill", "y")


def test_the_oracle_says_when_what_it_looks_for_is_not_there():
    page = 'link "Stock" 1\nheading "Stock"\ntext "0 found; search: Rug"\nlink "Previous page" 2'
    assert turn(View(parse(page)), "Stock").arguments["element"] == 1
    with pytest.raises(NoMoveError):
        turn(View(parse(page.replace("Previous", "Blank"))), "Stock")


def test_a_tab_refuses_what_a_browser_would():
    tab = Tab(Job(TEMPLATES["restock"], 250_000).site)
    assert not tab.act(Action(tool="back"))
    assert not tab.act(Action(tool="click", arguments={"element": 99}))
    link = find(tab.entries, "Orders", "link")
    assert not tab.act(fill(link, "text"))
    assert tab.act(click(link))
    box = find(tab.entries, "Status", "select")
    assert not tab.act(select(box, "Lost"))
    assert tab.act(click(box))
    assert tab.act(Action(tool="back"))
    assert View(tab.entries).heading == "Office"
    assert "<h1>Office</h1>" in tab.html
