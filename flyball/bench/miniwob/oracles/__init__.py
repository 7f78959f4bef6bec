"""What a perfect player does at each MiniWoB++ task, from the text of the page alone.

An oracle is a pure function of the goal, the page and the history (as the compact format
tells it), so it serves to collect demonstrations and as the upper bound of a comparison.
"""

from flyball.bench.miniwob.oracles.moves import NoMoveError, Oracle
from flyball.bench.miniwob.oracles.tasks import ORACLES, TRAINED, UNTRAINED, max_steps
from flyball.bench.miniwob.oracles.unsuited import UNSUITED

__all__ = ["ORACLES", "TRAINED", "UNSUITED", "UNTRAINED", "NoMoveError", "Oracle", "max_steps"]
