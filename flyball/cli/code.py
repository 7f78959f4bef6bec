"""`flyball run --agent code`: a coding agent on a copy of a repository, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from flyball.cli.asking import Asking
from flyball.cli.changes import Then, patch_path, put_back, saved, settle
from flyball.cli.options import waited
from flyball.errors import ConfigError

if TYPE_CHECKING:
    from flyball.agents import Crew
    from flyball.agents.attempts import Bench, Tried
    from flyball.cli.web import Earlier
    from flyball.config import Config
    from flyball.ledger import Ledger
    from flyball.monitors.approvals import Kind
    from flyball.records import Budget, Run, Step
    from flyball.roles import Sink, Tool
    from flyball.tools.code import Workplace, Workspace

TESTED_BY = "test_command"
"""The key in a task's metadata."""


@dataclass(frozen=True, kw_only=True)
class CodeOrder:
    """What was asked for on the command line."""

    task: str
    repo: Path
    file: str | None
    policy: str
    strong: str | None
    budget: Budget
    seed: int | None
    test_command: str | None
    attempts: int
    then: Then
    yes: bool
    allow_net: bool
    sandbox: str | None
    dangerously_no_sandbox: bool
    kept: Mapping[str, str]
    """What the metadata keep besides."""

    @property
    def marks(self) -> dict[str, str]:
        """What the task's metadata keep, for the run to be taken up again."""
        told = {"repo": str(self.repo.absolute()), "file": self.file, TESTED_BY: self.test_command}
        return {**self.kept, **{name: value for name, value in told.items() if value}}


def order_of(run: Run, then: Then) -> CodeOrder:
    """What was asked for; what it was allowed besides is not allowed again by itself."""
    kept = run.task.metadata
    if "repo" not in kept:
        raise ConfigError(f"run {run.id} does not say which repository it is of; start it anew")
    return CodeOrder(
        task=run.task.prompt,
        repo=Path(kept["repo"]),
        file=kept.get("file"),
        policy=run.policy,
        strong=run.strong,
        budget=run.task.budget,
        seed=run.seed,
        test_command=kept.get(TESTED_BY),
        attempts=1,
        then=then,
        yes=False,
        allow_net=False,
        sandbox=None,
        dangerously_no_sandbox=False,
        kept={},
    )


def run_code(
    order: CodeOrder,
    config: Config,
    ledger: Ledger,
    *,
    earlier: Earlier | None = None,
    as_json: bool,
) -> None:
    """Carry `order` out, print each step, and end with the code for how it went.

    An `earlier` run is gone on with.
    """
    from flyball.agents.coding import workplace_of
    from flyball.cli.show import print_run_json, print_step
    from flyball.tools.sandbox import KINDS

    kind = next((each for each in KINDS if each == order.sandbox), None)
    if order.sandbox and kind is None:
        raise ConfigError(f"no sandbox is called {order.sandbox!r}; there are: {', '.join(KINDS)}")
    asks = asked_kinds(config, yes=order.yes)
    if order.dangerously_no_sandbox:
        typer.echo("flyball: no sandbox: what the agent runs can do whatever you can", err=True)
    workplace = workplace_of(
        config,
        hidden=(ledger.path,),
        kind=kind,
        allow_net=order.allow_net,
        dangerously_none=order.dangerously_no_sandbox,
    )
    sink: Sink = (lambda step: None) if as_json else print_step
    with ExitStack() as stack:
        job = _Job(order, config, ledger, workplace, stack, asks, earlier)
        try:
            tried = waited(job.carry_out(sink, as_json=as_json))
        except KeyboardInterrupt:
            job.save_last()
            raise
        if as_json:
            print_run_json(ledger, tried.run.id)
        settle(tried, order.then, ledger, quiet=as_json)
    run = tried.run
    if run.success is False or run.status != "finished" or run.gave_up:
        raise typer.Exit(1)


def asked_kinds(config: Config, *, yes: bool) -> tuple[Kind, ...]:
    """What a person is asked about. Raises `ConfigError` where `--yes` says yes to nothing."""
    from flyball.monitors.approvals import KINDS

    allowed = config.sandbox.yes
    if not yes:
        return KINDS
    if not allowed:
        raise ConfigError(
            "--yes says yes to what [sandbox] yes names, which is nothing; add for example"
            ' yes = ["delete", "install"] there'
        )
    return tuple(kind for kind in KINDS if kind not in allowed)


@dataclass(kw_only=False)
class _Job:
    """The attempts, and the workspaces that stay open until their changes are settled."""

    order: CodeOrder
    config: Config
    ledger: Ledger
    workplace: Workplace
    stack: ExitStack
    asks: tuple[Kind, ...]
    earlier: Earlier | None
    opened: list[Bench] = field(default_factory=list)

    async def carry_out(self, sink: Sink, *, as_json: bool) -> Tried:
        from dataclasses import replace

        from flyball.agents import assemble, mcp_servers, open_meter, open_policies
        from flyball.agents.attempts import Undertaking
        from flyball.cli.show import print_outcome
        from flyball.cli.web import slug
        from flyball.records import Task
        from flyball.tools.code import SPECS
        from flyball.tools.extra import open_tools

        order = self.order
        names = [order.policy, *([order.strong] if order.strong else [])]
        marks, name = order.marks, slug(order.task)
        task = Task(id=name, prompt=order.task, budget=order.budget, metadata=marks)

        def told(tried: Tried) -> None:
            if not as_json:
                print_outcome(tried.run, self.ledger.trajectory(tried.run.id))

        warmth = self.config.run.temperature
        async with AsyncExitStack() as stack:
            servers = mcp_servers(self.config)
            more = await stack.enter_async_context(open_tools(self.config.run.tools, servers))
            specs = [*SPECS, *(tool.spec for tool in more.values())]
            policies = stack.enter_context(
                open_policies(
                    self.config, names, specs, seed=order.seed, temperature=warmth, agent="code"
                )
            )
            meter = open_meter(self.config)
            crew = assemble(
                self.config, policies, {}, meter=meter, strong=order.strong, agent="code"
            )
            undertaking = Undertaking(
                task=task,
                crew=replace(crew, sink=sink, ask=Asking(asks=self.asks)),
                record=self.ledger,
                open_bench=lambda: self.bench(more, compact=self._compact(names)),
                driver=order.policy,
                strong=order.strong,
                times=order.attempts,
                seed=order.seed,
                asks=self.asks,
                ended=told,
                steered=self.steered,
            )
            if self.earlier is not None:
                return await undertaking.take_up(self.earlier.run, self.earlier.trajectory)
            return await undertaking.carry_out()

    @asynccontextmanager
    async def steered(self, run: Run, crew: Crew) -> AsyncIterator[Crew]:
        """Give the crew a helm, and keep what is changed after each step, should the run break."""
        from dataclasses import replace

        from flyball.cli.helmed import helmed

        workspace, sink = self.opened[-1].workspace, crew.sink

        def keep(step: Step) -> None:
            saved(workspace.kept(), self.ledger, run.id)
            sink(step)

        saved(workspace.kept(), self.ledger, run.id)
        async with helmed(run, replace(crew, sink=keep)) as steered:
            yield steered
        if self.ledger.run(run.id).status == "finished":
            patch_path(self.ledger, run.id).unlink(missing_ok=True)

    def _compact(self, names: Sequence[str]) -> bool:
        from flyball.models import is_compact, model_format

        # A model that a plug-in brings is none of the configuration's, and chats.
        known = [name for name in names if name in self.config.model_names()]
        return any(is_compact(model_format(self.config.model(name))) for name in known)

    def bench(self, more: Mapping[str, Tool], *, compact: bool) -> Bench:
        """Open a workspace, and what can be done in it, and with `more` tools."""
        from flyball.agents.attempts import Bench
        from flyball.tools.code import (
            OneFile,
            Remembered,
            code_tools,
            find_exam,
            open_workspace,
            overview,
        )

        order = self.order
        workspace = self.stack.enter_context(open_workspace(order.repo, self.workplace))
        command = order.test_command or self.config.sandbox.test_command
        if self.earlier is not None:
            put_back(workspace, self.ledger, self.earlier.run.id)
        exam = Remembered(find_exam(workspace.tree, workspace.python, command))
        tools = {**code_tools(workspace, exam), **more}
        if not compact:
            first = overview(workspace)
            made = Bench(workspace=workspace, exam=exam, tools=tools, world=workspace, first=first)
        else:
            file = OneFile(workspace, order.file or the_file(workspace))
            tools |= file.tools(exam)
            made = Bench(
                workspace=workspace, exam=exam, tools=tools, world=file, first=file.observe()
            )
        self.opened.append(made)
        return made

    def save_last(self) -> None:
        """Keep what there is of a run that is broken off."""
        if self.opened and (patch := self.opened[-1].workspace.diff()):
            run = self.earlier.run if self.earlier else self.ledger.runs(limit=1)[0]
            path = saved(patch, self.ledger, run.id)
            typer.echo(f"flyball: what was changed is in {path}", err=True)


def the_file(workspace: Workspace) -> str:
    """The one source file of a repository. Raises `ConfigError` where there are several."""
    names = [
        str(path.relative_to(workspace.tree))
        for path in sorted(workspace.tree.rglob("*.py"))
        if not path.name.startswith(("test_", "conftest")) and not path.name.endswith("_test.py")
    ]
    if len(names) != 1:
        raise ConfigError(
            "the bundled policies mend one file, and the repository has"
            f" {len(names)}: name it with --file, or use another model with --policy"
        )
    return names[0]
