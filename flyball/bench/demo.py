"""A handful of MiniWoB++ episodes on the bundled policy: what flyball does, in a minute."""

from __future__ import annotations

from flyball.bench.runner import Plan
from flyball.bench.suites import EVALUATION_SEEDS, Pair, load_suite

SCENES = tuple(
    Pair(task, EVALUATION_SEEDS[index])
    for index, task in enumerate(
        (
            "login-user",
            "click-tab-2",
            "click-checkboxes",
            "choose-list",
            "enter-password",
            "email-inbox-delete",
            "click-collapsible",
            "click-checkboxes-large",
            "click-collapsible-2",
            "login-user-popup",
            "enter-text-dynamic",
            "click-test-2",
        )
    )
)
"""Seven tasks that the bundled policy was trained on, and five that it never saw."""


def demo_plan(policy: str, *, headless: bool = True) -> Plan:
    """Play the scenes, whether or not they were played before."""
    suite = load_suite("web")
    return Plan(suite=suite, policy=policy, pairs=SCENES, fresh=True, headless=headless)
