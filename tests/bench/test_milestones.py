from flyball.bench.milestones import newly_reached, stages
from flyball.bench.suites import load_suite
from flyball.records import Action, Observation, Step, Task, Trajectory

PAGES = [
    'textbox "Name" 1\nbutton "Submit" 2',
    'textbox "Name" 1 = "Ann"\nbutton "Submit" 2',
    'textbox "Name" 1\nbutton "Submit" 2',
    'textbox "Name" 1 = "Ann"\nbutton "Submit" 2',
]


class FormSuite:
    """Fill in Ann, then submit; a page without a field has no move."""

    name = "form"
    agent = "web"
    seeded = True

    def oracle(self, task):
        def oracle(goal, page, told):
            fields = {entry.role: entry for entry in page}
            if "textbox" not in fields:
                raise LookupError("no field")
            if fields["textbox"].value == "Ann":
                return Action(tool="click", arguments={"element": 2, "target": 'button "Submit"'})
            arguments = {"element": 1, "target": 'textbox "Name"', "text": "Ann"}
            return Action(tool="fill", arguments=arguments)

        return oracle


FILL = Action(tool="fill", arguments={"element": 1, "text": "Ann"})


def run(actions, pages):
    steps = tuple(
        Step(
            index=at,
            policy="p",
            action=action,
            observation=Observation(source="browser", text=text),
        )
        for at, (action, text) in enumerate(zip(actions, pages, strict=True))
    )
    return Trajectory(task=Task(id="t", prompt="Enter Ann."), steps=steps)


def test_a_stage_is_reached_where_the_oracle_goes_on_to_another_kind_of_move():
    other = Action(tool="click", arguments={"element": 1})
    assert stages(FormSuite(), run([FILL, other], PAGES[:2])) == ((), ('fill textbox "Name"',))


def test_a_stage_is_reached_once_and_by_the_oracles_move_only():
    undone = run([FILL, FILL, FILL, FILL], PAGES)
    assert [bool(names) for names in stages(FormSuite(), undone)] == [False, True, False, False]
    typo = Action(tool="fill", arguments={"element": 1, "text": "Anna"})
    assert stages(FormSuite(), run([typo, typo], PAGES[:2])) == ((), ())


def test_where_the_oracle_knows_no_move_nothing_is_reached():
    assert stages(FormSuite(), run([FILL, FILL], ['text "x"', PAGES[0]])) == ((), ())
    assert stages(FormSuite(), run([], [])) == ()


def test_what_is_lost_and_reached_again_is_told_once():
    after = [frozenset(), frozenset("a"), frozenset(), frozenset("ab"), frozenset("ab")]
    assert newly_reached(after, 5) == ((), (), ("a",), (), ("b",))
    assert newly_reached([], 0) == ()


def test_the_suites_oracles_are_asked_without_a_browser():
    trajectory = run([FILL], PAGES[:1])
    task = Task(id="enter-text", prompt='Enter "Ann" into the text field and press Submit.')
    told = stages(load_suite("web"), Trajectory(task=task, steps=trajectory.steps))
    assert told == ((),)
