"""MiniWoB++ (Liu et al. 2018, arXiv 1802.08802) from the pages of PyPI's `miniwob`."""

from flyball.bench.miniwob.oracles import ORACLES, TRAINED, UNSUITED, UNTRAINED, max_steps
from flyball.bench.miniwob.suite import GOAL, IGNORE, SEED_KEY, VIEWPORT, Episode, WebSuite, serve

__all__ = [
    "GOAL",
    "IGNORE",
    "ORACLES",
    "SEED_KEY",
    "TRAINED",
    "UNSUITED",
    "UNTRAINED",
    "VIEWPORT",
    "Episode",
    "WebSuite",
    "max_steps",
    "serve",
]
