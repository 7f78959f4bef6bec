"""MiniWoB++ (Liu et al. 2018, arXiv 1802.08802) from the pages of PyPI's `miniwob`."""

from flyball.bench.miniwob.oracles import ORACLES, TRAINED, UNTRAINED
from flyball.bench.miniwob.suite import IGNORE, VIEWPORT, Episode, WebSuite, serve

__all__ = [
    "IGNORE",
    "ORACLES",
    "TRAINED",
    "UNTRAINED",
    "VIEWPORT",
    "Episode",
    "WebSuite",
    "serve",
]
