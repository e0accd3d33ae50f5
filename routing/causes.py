"""One cause 同一原因: which of many complaints are about the same thing, by their words alone. Average linkage, so nothing chains.

Likeness is the cosine of routing/duplicates.py: pairs of letters, each weighing what it is worth. Two groups become one as long
as their complaints are on average as alike as asked. Every order of the same complaints gives the same groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from routing.duplicates import ENOUGH, Vector

Figures = npt.NDArray[np.float64]
MOST = 4000  # complaints that are compared with one another; of more than that those told last stand alone


def likenesses(vectors: Sequence[Vector], enough: int = 0) -> Any:
    """The cosines of all pairs as a sparse matrix, 0 where fewer than ``enough`` pairs of letters stand in both."""
    from scipy.sparse import csr_matrix  # here, because most commands never compare anything

    places: dict[str, int] = {}
    at, values, ends = [], [], [0]
    for vector in vectors:
        for pair, value in vector.parts.items():
            at.append(places.setdefault(pair, len(places)))
            values.append(value)
        ends.append(len(at))
    told = csr_matrix((values, at, ends), shape=(len(vectors), len(places)))
    alike = (told @ told.T).tocsr()
    if enough:
        there = told.copy()
        there.data[:] = 1.0
        common = (there @ there.T).tocsr()
        common.data = (common.data >= enough).astype(np.float64)
        alike = alike.multiply(common).tocsr()
    return alike


def groups(vectors: Sequence[Vector], alike: float, enough: int = 0) -> list[list[int]]:
    """The places of the complaints by cause, each group in order, the groups by their first. ``alike``: the least average cosine
    within a group; ``enough``: the least number of common pairs of letters from which two complaints are alike at all, for those
    of whose place nothing is known (``routing.duplicates.ENOUGH``)."""
    from scipy.sparse.csgraph import connected_components

    compared = vectors[:MOST]
    found = [[i] for i in range(len(compared), len(vectors))]
    if compared:
        matrix = likenesses(compared, enough)
        near = matrix >= alike
        # Two groups that no single pair ties together are never alike on average: each knot of ties is judged by itself.
        number, knots = connected_components(near, directed=False)
        for knot in range(number):
            members = np.flatnonzero(knots == knot)
            inside = [[0]] if len(members) == 1 else _joined(matrix[members][:, members].toarray(), alike)
            found += [[int(members[i]) for i in group] for group in inside]
    return sorted(found)


def _joined(matrix: Figures, alike: float) -> list[list[int]]:
    """Average linkage: the two groups most alike are joined, until no two are alike enough. Of equals the first."""
    sums = matrix.copy()
    np.fill_diagonal(sums, 0.0)
    sizes = np.ones(len(sums))
    members: list[list[int]] = [[i] for i in range(len(sums))]
    means = sums.copy()
    np.fill_diagonal(means, -1.0)
    best = means.max(axis=1)
    while True:
        one = int(best.argmax())
        if best[one] < alike:
            return sorted(sorted(group) for group in members if group)
        other = int(means[one].argmax())
        one, other = min(one, other), max(one, other)
        members[one] += members[other]
        members[other] = []
        sizes[one] += sizes[other]
        sums[one] += sums[other]
        sums[:, one] = sums[one]
        sums[one, one] = 0.0
        means[one] = sums[one] / (sizes[one] * sizes)
        means[one, one] = -1.0
        means[one, [not group for group in members]] = -1.0
        means[:, one] = means[one]
        means[other], means[:, other] = -1.0, -1.0
        best = means.max(axis=1)


__all__ = ["ENOUGH", "MOST", "groups", "likenesses"]
