"""Training on a city's own history: the shipped sayings, what agents put right, and labelled files; and an honest check of it.

The check lays the corrections into folds, tickets of one person or matter together; each fold is judged as the hotline would
judge it, by the sayings alone and by a model that has seen the other folds as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.corrections import Correction
from app.errors import BadInput
from app.labelled import Labelled
from app.policy import Policy
from routing import evaluate
from routing.boilerplate import matter
from routing.classify import Model
from routing.normal import plain
from routing.place import Gazetteer
from routing.taxonomy import Owner
from routing.tokens import taxonomy_words
from routing.understand import Understander, without

OWN = 2.0  # how much an example of the city's own counts beside a shipped saying


@dataclass(frozen=True, slots=True)
class Example:
    """A text of the city's own and its leaf."""

    text: str
    leaf: str
    group: str


def of_corrections(found: Sequence[Correction]) -> list[Example]:
    return [Example(one.text, one.settled.leaf, one.group) for one in found]


def of_files(found: Labelled, policy: Policy) -> list[Example]:
    """Rows of files, whose labels are leaves by code or name. Raises BadInput naming labels that are neither."""
    leaves = policy.taxonomy.leaves
    codes = {leaf.name: code for code, leaf in leaves.items()} | {code: code for code in leaves}
    unknown = sorted({label for label in found.labels if label not in codes})
    if unknown:
        some = "、".join(unknown[:8]) + (f" 等 {len(unknown)} 个" if len(unknown) > 8 else "")
        raise BadInput(f"标签不在类别表中：{some}", cure="与 --history 一起训练时，标签须是类别编号或名称，如 C06")
    return [
        Example(text, codes[label], group) for text, label, group in zip(found.texts, found.labels, found.groups, strict=True)
    ]


def learn(policy: Policy, own: Sequence[Example], gazetteer: Gazetteer) -> Model:
    """The shipped sayings and the city's own examples; the same inputs give the same model."""
    from routing.training import dangers_of, fit  # here, because scikit-learn takes a second to load and few commands train

    texts, labels, counts = [], [], []
    for code, leaf in sorted(policy.taxonomy.leaves.items()):
        for said in (leaf.name, *policy.phrases.get(code, ())):
            texts.append(matter(plain(said)))
            labels.append(code)
            counts.append(1.0)
    for one in own:
        said = plain(one.text)
        texts.append(matter(without(said, gazetteer.find(said))))
        labels.append(one.leaf)
        counts.append(OWN)
    public = [True] * (len(texts) - len(own)) + [False] * len(own)
    return fit(
        texts,
        labels,
        extra=taxonomy_words(policy.taxonomy),
        weights=counts,
        public=public,
        alarms=policy.alarms,
        dangers=dangers_of(policy.taxonomy),
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """How tickets were judged, as the hotline judges them. ``unasked``: without an agent; ``leaked``: of what is reserved or
    about the contractor, how many would have gone to a contractor unasked."""

    n: int
    accuracy: float
    macro_f1: float
    unasked: float
    unasked_accuracy: float | None
    leaked: int

    def to_json(self) -> dict[str, float | int | None]:
        return {name: getattr(self, name) for name in self.__slots__}


def check(
    policy: Policy, own: Sequence[Example], shipped: Model, gazetteer: Gazetteer, k: int, told: Callable[[int], None]
) -> tuple[Figures, Figures]:
    """Before and after, over the same texts. ``told`` is called with 1 after each fold. Raises BadInput for too few groups."""
    try:
        of = evaluate.folds([one.leaf for one in own], [one.group for one in own], k)
    except ValueError:
        groups = len({one.group for one in own})
        raise BadInput(f"只有 {groups} 组样本，分不成 {k} 份", cure="减少 --folds，或等积累更多更正") from None
    before = _judged(policy, own, shipped, gazetteer)
    after: list[_Seen] = []
    for fold in range(k):
        seen = [one for one, at in zip(own, of, strict=True) if at != fold]
        after += _judged(
            policy, [one for one, at in zip(own, of, strict=True) if at == fold], learn(policy, seen, gazetteer), gazetteer
        )
        told(1)
    return _figures(before), _figures(after)


@dataclass(frozen=True, slots=True)
class _Seen:
    judged: evaluate.Judged
    unasked: bool
    leaked: bool


def _judged(policy: Policy, own: Sequence[Example], model: Model, gazetteer: Gazetteer) -> list[_Seen]:
    understander, leaves = Understander(policy.taxonomy, model, gazetteer), policy.taxonomy.leaves
    found = []
    for one in own:
        verdict = understander.understand(one.text)
        kept_away = verdict.reserved or verdict.about_contractor or verdict.owner not in (Owner.CONTRACTOR, Owner.EMERGENCY)
        leaked = leaves[one.leaf].group in "GR" and not verdict.review and not kept_away
        found.append(_Seen(evaluate.Judged(one.leaf, verdict.leaf, verdict.confidence), not verdict.review, leaked))
    return found


def _figures(seen: Sequence[_Seen]) -> Figures:
    pairs, sure = [one.judged.pair for one in seen], [one.judged.pair for one in seen if one.unasked]
    return Figures(
        n=len(seen),
        accuracy=round(evaluate.accuracy(pairs), 4),
        macro_f1=round(evaluate.macro_f1(pairs), 4),
        unasked=round(len(sure) / len(seen), 4) if seen else 0.0,
        unasked_accuracy=round(evaluate.accuracy(sure), 4) if sure else None,
        leaked=sum(one.leaked for one in seen),
    )
