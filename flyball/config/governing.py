"""Build the governor that a configuration describes."""

from __future__ import annotations

from flyball.config.tables import GovernorTable
from flyball.errors import ConfigError
from flyball.monitors import Bursts, Expectations, Priced, Strictest, load_expectations
from flyball.roles import Governor


def build_governor(
    table: GovernorTable, small: str | None, strong: str | None, agent: str = "web"
) -> Governor:
    """Make the governor of a run of `agent` that `small` drives, and `strong` is called into.

    Raises `ConfigError` for prices without a table of what to expect, or with that of others.
    """
    burst = table.burst or ("permanent" if table.kind == "priced" else Bursts.steps)
    bursts = Bursts(
        steps=None if burst == "permanent" else burst,
        cooldown=table.cooldown,
        most=table.most_bursts,
        flapping=table.flapping,
        strong_down=table.strong_down,
    )
    if table.kind == "strictest":
        return Strictest(confidence=table.confidence, bursts=bursts)
    expectations = load_expectations(table.expectations, agent)
    if expectations is None:
        raise ConfigError(
            'governor.kind = "priced" needs to know what to expect: make a table with'
            " `flyball monitors expect`, and name it in governor.expectations"
        )
    _check_fit(expectations, small, strong)
    return Priced(
        expectations=expectations,
        strong=strong,
        prefer=table.prefer,
        failed_task_joules=table.failed_task_joules,
        failed_task_usd=table.failed_task_usd,
        hysteresis=table.hysteresis,
        give_up=table.give_up,
        confidence=table.confidence,
        bursts=bursts,
    )


def _check_fit(expectations: Expectations, small: str | None, strong: str | None) -> None:
    wanted = ((small, expectations.small), (strong, expectations.strong))
    for model, learned_on in wanted:
        if model is not None and learned_on and model != learned_on:
            raise ConfigError(
                f"governor.expectations were learned on runs of {learned_on}, not of {model}: make"
                " a table of its own with `flyball monitors expect`"
            )
