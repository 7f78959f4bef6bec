"""Weigh what curves and trees say by how right they are of tasks that were held out.

Trees that ask several features in turn say more where a task is known by them, curves where it is
not: of the bundled policies' runs both count for about half, of MINT's (55 other models, the same
tasks for all) trees for everything. Their weights are found by stacking (Wolpert 1992).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flyball.learning.logistic import fit_logistic
from flyball.learning.table import Fitted, Floats, Nodes


@dataclass(frozen=True)
class Blend:
    """A weighted sum of the log-odds that its parts give."""

    parts: Sequence[Fitted]
    shares: Floats
    """The weight of each part (parts)."""

    def margins(self, values: Floats) -> Floats:
        said = np.column_stack([part.margins(values) for part in self.parts])
        return np.asarray(said @ self.shares, np.float64)

    def nodes(self) -> Nodes:
        nodes = Nodes()
        for part, share in zip(self.parts, self.shares, strict=True):
            if share:
                nodes.add(part.nodes(), share=float(share))
        return nodes


def fit_shares(margins: Floats, labels: Floats, weights: Floats) -> Floats:
    """The weights of the parts of a blend (parts), none of them below 0.

    `margins` are what each part said of tasks that it was not fitted to (steps, parts).
    """
    parts = margins.shape[1]
    if parts == 1:
        return np.ones(1)
    inputs = np.column_stack([margins, np.ones(len(margins))])
    begin = np.append(np.full(parts, 1 / parts), 0.0)
    found = fit_logistic(inputs, labels, weights, begin=begin, penalty=np.ones(parts + 1))
    shares = np.clip(found[:parts], 0.0, None)
    return shares if shares.any() else begin[:parts]
