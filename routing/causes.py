"""One cause 同一原因: which of many complaints are about the same thing, by their words alone.

Likeness is the cosine of routing/duplicates.py: pairs of letters, each weighing what it is worth. Two groups become one as long
as their complaints are on average as alike as asked, so that nothing chains.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from routing.duplicates import Vector

Figures = npt.NDArray[np.float64]
_ABOVE = re.compile(r"^(?:[A-Za-z]\d*[省市区县]|[一-龥]{2,3}[省市区县]|[一-龥]{2,4}(?:街道|镇|乡))+")
_BESIDE = re.compile(r"(?:\d+(?:栋|幢|号楼|座)|旁|附近|对面|周边).*")
_ENDS = re.compile(r"(?:小区|社区|公租房|廉租房)$")
MOST = 4000  # complaints that are compared with one another; of more than that the first stand alone


def likenesses(vectors: Sequence[Vector]) -> tuple[Any, Any]:
    """Of all pairs the cosines, and how many pairs of letters stand in both: sparse matrices with entries at the same places."""
    from scipy.sparse import csr_matrix  # here, because most commands never compare anything

    places: dict[str, int] = {}
    at, values, ends = [], [], [0]
    for vector in vectors:
        for pair, value in vector.parts.items():
            at.append(places.setdefault(pair, len(places)))
            values.append(value)
        ends.append(len(at))
    told = csr_matrix((values, at, ends), shape=(len(vectors), len(places)))
    there = csr_matrix((np.ones(len(values)), at, ends), shape=told.shape)
    alike, common = (told @ told.T).tocsr(), (there @ there.T).tocsr()
    alike.sort_indices()
    common.sort_indices()
    return alike, common


def groups(vectors: Sequence[Vector], alike: float, enough: int = 0, places: Sequence[str] = ()) -> list[list[int]]:
    """The places of the complaints by cause, each group in order, the groups by their first.

    ``alike``: the least average cosine within a group. ``enough``: how many pairs of letters must stand in both of two complaints
    for them to be alike at all, unless both name one place (``places``): a few words that fit anywhere tell no cause.
    """
    from scipy.sparse.csgraph import connected_components

    alone = max(0, len(vectors) - MOST)
    found = [[i] for i in range(alone)]
    if len(vectors) > alone:
        matrix, common = likenesses(vectors[alone:])
        if enough:
            _only_telling(matrix, common, alike, enough, [_core(place) for place in places[alone:]])
        # Two groups that no single pair ties together are never alike on average: each knot of ties is judged by itself.
        number, knots = connected_components(matrix >= alike, directed=False)
        for knot in range(number):
            members = np.flatnonzero(knots == knot)
            inside = [[0]] if len(members) == 1 else _joined(matrix[members][:, members].toarray(), alike)
            found += [[alone + int(members[i]) for i in group] for group in inside]
    return sorted(found)


def _only_telling(matrix: Any, common: Any, alike: float, enough: int, places: Sequence[str]) -> None:
    """Sets the likeness of those to nothing that have little in common, and no place."""
    little = common.data < enough
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    for at in np.flatnonzero(little & (matrix.data >= alike)):
        if places and _one_place(places[rows[at]], places[matrix.indices[at]]):
            little[at] = False
    matrix.data[little] = 0.0


def _core(place: str) -> str:
    """The name in the words for a place: without city, district and street office before it and what lies beside it."""
    name = _BESIDE.sub("", _ABOVE.sub("", place))
    return short if len(short := _ENDS.sub("", name)) >= 3 else name


def _one_place(one: str, other: str) -> bool:
    return min(len(one), len(other)) >= 3 and (one in other or other in one)


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
