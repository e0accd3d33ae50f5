"""Cutting into words: the field's vocabulary holds, and rjieba stands in for jieba without changing a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate

import pytest

from routing.classify import Model
from routing.normal import plain
from routing.taxonomy import Taxonomy
from routing.tokens import Words, taxonomy_words
from tests.routing.world import held


@pytest.fixture(scope="module")
def both(taxonomy: Taxonomy) -> tuple[Words, Words]:
    pytest.importorskip("rjieba")
    extra = taxonomy_words(taxonomy)
    return Words(extra), Words(extra, quick=False)


def spans(words: list[str]) -> set[tuple[int, int]]:
    ends = list(accumulate(map(len, words)))
    return set(zip([0, *ends], ends, strict=False))


def test_the_field_is_one_word_whichever_cuts(both: tuple[Words, Words]) -> None:
    for words in both:
        assert words.cut("公租房的单元门和二次供水") == ["公租房", "的", "单元门", "和", "二次供水"]


def test_names_given_are_words(taxonomy: Taxonomy) -> None:
    for quick in (True, False):
        assert "青禾家园三期" in Words(("青禾家园三期",), quick=quick).cut("青禾家园三期停水了")
    assert "转租转借举报" in taxonomy_words(taxonomy)


def test_both_cut_the_same(both: tuple[Words, Words], phrases: Mapping[str, tuple[str, ...]]) -> None:
    same = every = 0
    for text in (plain(said).replace(" ", "") for sayings in phrases.values() for said in sayings[:12]):
        quick, slow = (spans(words.cut(text)) for words in both)
        same, every = same + len(quick & slow), every + len(quick | slow)
    assert same / every >= 0.99


def test_the_verdict_does_not_hang_on_which_cuts(both: tuple[Words, Words], model: Model) -> None:
    quick, slow = (replace(model, words=words) for words in both)
    texts = [text for part in held("heldout").values() for said in part.values() for text in said]
    same = sum(quick.top(text)[0] == slow.top(text)[0] for text in texts)
    assert same >= 0.99 * len(texts)
