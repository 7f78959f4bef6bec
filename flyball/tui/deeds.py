"""What can be done with a run in the table: open, compare, resume, label, delete, export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.message import Message

from flyball.errors import LedgerError
from flyball.tui.place import Place, in_background

if TYPE_CHECKING:
    from textual.binding import BindingType

    from flyball.ledger.listing import Listed
    from flyball.records import Run

LABELLED = "labelled"
"""The key in a task's metadata that says who gave a run its score."""


class Done(Message):
    """Something was done in the ledger."""

    def __init__(self, told: str) -> None:
        super().__init__()
        self.told = told


class Deeds(Place):
    """A place with a current run."""

    DEEDS: ClassVar[list[BindingType]] = [
        Binding("enter,o", "open", "Open"),
        Binding("c", "compare", "Compare"),
        Binding("r", "resume", "Resume"),
        Binding("l", "label", "Label"),
        Binding("d,delete", "delete", "Delete"),
        Binding("e", "export", "Export"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.held: Listed | None = None
        """The run that another is to be compared with."""

    def current(self) -> Listed | None:
        raise NotImplementedError

    def action_look(self, anew: bool = False) -> None:
        raise NotImplementedError

    def told_of_deeds(self) -> str:
        told = f"; comparing with {self.held.task} (Esc on c)" if self.held else ""
        deleted = len(self.flyball.desk.deleted)
        return f"{told}; u undoes {deleted} deletions" if deleted else told

    def _at_hand(self) -> Listed | None:
        line = self.current()
        if line is None:
            self.flyball.complain("there is no run here; press n to start one")
        return line

    def action_open(self) -> None:
        if line := self._at_hand():
            self.flyball.open_run(line.id)

    def action_compare(self) -> None:
        line = self._at_hand()
        if line is None:
            return
        if self.held is None or self.held.id == line.id:
            self.held = None if self.held else line
            said = f"{line.task} is held; c on another run compares" if self.held else "let go"
            self.notify(said, markup=False)
            return
        from flyball.tui.comparing import Comparing

        self.app.push_screen(Comparing(self.held.id, line.id))
        self.held = None

    def action_resume(self) -> None:
        line = self._at_hand()
        if line is None:
            return
        from flyball.tui.asking import Write

        if line.status == "finished":
            self.flyball.complain(f"run {line.id} is finished; press n to start another")
            return
        steps = (line.steps or 0) + 30
        question = "Ceiling of steps for the run as a whole (Enter resumes):"
        if line.status == "running":
            question = f"Does nothing run it any more? {question}"

        def go(given: str | None) -> None:
            if given is None:
                return
            killed = ("--killed",) if line.status == "running" else ()
            words = ("resume", line.id, "--max-steps", given, *killed)
            self.flyball.begin(words, bound=False, pictures=True)

        self.app.push_screen(Write(question, str(steps)), go)

    def action_label(self) -> None:
        line = self._at_hand()
        if line is None:
            return
        from flyball.tui.asking import Choose

        answers = [("1", "✓ success"), ("0", "✗ failure"), ("", "nobody knows")]
        question = f"How did {line.task} end? A label counts as its score, in training too."

        def go(given: str | None) -> None:
            if given is not None:
                self._do(lambda: self._label(line.id, given))

        self.app.push_screen(Choose(question, answers), go)

    def _label(self, run_id: str, given: str) -> Done:
        ledger = self.flyball.desk.ledger()
        run = ledger.run(run_id)
        if run.status == "running":
            raise LedgerError(f"run {run_id} is going on; label it once it is over")
        ledger.save(labelled(run, float(given) if given else None))
        return Done(f"{run.task.id} is labelled {marks(given)}")

    def action_delete(self) -> None:
        line = self._at_hand()
        if line is None:
            return
        if line.status == "running":
            self._delete_running(line)
        else:
            self._delete(line)

    def _delete_running(self, line: Listed) -> None:
        """Delete a run that is marked as running, if nothing is known to run it: it asks first."""
        from flyball.tui.asking import Choose
        from flyball.tui.following import is_held

        if any(job.run_id == line.id for job in self._going_on()) or is_held(line.id):
            self.flyball.complain(f"run {line.id} is going on; stop it before you delete it")
            return

        def go(given: str | None) -> None:
            if given:
                self._delete(line)

        answers = [("", "No"), ("delete", "Nothing runs it any more: delete it")]
        question = (
            f"{line.task} is marked as running, and whether a process still runs it cannot be told"
            f" from here. If one does, it breaks off at its next step, as what it writes has no"
            f" place any more. Delete run {line.id} all the same?"
        )
        self.app.push_screen(Choose(question, answers), go)

    def _delete(self, line: Listed) -> None:
        def delete() -> Done:
            self.flyball.desk.delete(line.id)
            return Done(f"{line.task} is deleted; u brings it back, until you quit")

        self._do(delete)

    def action_export(self) -> None:
        line = self._at_hand()
        if line is None:
            return
        from flyball.tui.asking import Write

        question = "Write the run to (.json: whole; .csv: a line a step; .html: to read):"

        def go(given: str | None) -> None:
            if given:
                self._do(lambda: self._export(line.id, Path(given).expanduser()))

        self.app.push_screen(Write(question, f"{line.id}.json"), go)

    def _export(self, run_id: str, path: Path) -> Done:
        from flyball.tui.exports import export_run

        ledger = self.flyball.desk.ledger()
        export_run(ledger.run(run_id), ledger.trajectory(run_id), path)
        return Done(f"written to {path}")

    def _going_on(self) -> list[Any]:
        return [job for job in self.flyball.desk.jobs if job.process.poll() is None]

    def _do(self, work: Callable[[], Done]) -> None:
        in_background(self, work, lambda done: done, group="deeds")

    def on_done(self, done: Done) -> None:
        self.notify(done.told, markup=False)
        self.action_look(True)

    def on_undone(self) -> None:
        self.action_look(True)


def labelled(run: Run, score: float | None) -> Run:
    """The run with the score that a person gave it, which its metadata say."""
    metadata = {**run.task.metadata, LABELLED: "human"}
    return replace(run, score=score, task=replace(run.task, metadata=metadata))


def marks(given: str) -> str:
    return {"1": "a success", "0": "a failure"}.get(given, "unknown")
