"""The example in CONTRIBUTING.md works, and is as short as it says."""

import re
from dataclasses import replace
from pathlib import Path

from flyball import Action, Ruling, Spend, Usage
from flyball.testing import check_monitor, trajectory

TEXT = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text()


def test_the_monitor_in_twenty_lines_is_one():
    code = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0]
    assert len(code.splitlines()) <= 20
    names: dict[str, type] = {"__name__": "example"}
    exec(code, names)
    monitor = names["LongWinded"](limit=5)
    run = trajectory([Action(tool="echo")])
    loud = replace(run.last, policy_spend=Spend(usage=Usage(output_tokens=6)))
    check_monitor(monitor, [run, run.amend(loud)])
    assert monitor.judge(run).ruling is Ruling.CONTINUE
    assert monitor.judge(run.amend(loud)).ruling is Ruling.REVISE
