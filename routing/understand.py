"""From a resident's words to a verdict 研判.

1 emergencies · 2 the model's probabilities · 3 rules for R, G and N08 · 4 the leaf by precedence · 5 doubt ·
6 place, phones, manner, people
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace

from routing import alarm, lexicon, manner, people
from routing.address import find_address
from routing.alarm import Alarm
from routing.boilerplate import matter
from routing.classify import Model
from routing.lexicon import DECIDES, STOPS, RuleHit
from routing.names import SURNAMES
from routing.normal import plain
from routing.phones import find_phones
from routing.place import Gazetteer
from routing.taxonomy import Owner, Taxonomy
from routing.verdict import PlaceFound, Verdict

# Below these a person looks first. Chosen on held-out text: see tests/routing/test_heldout.py for what they cost.
SURE_LEAF = 0.25
SURE_GROUP = 0.45
FORBIDDEN = 0.22  # P(G or R) from which a contractor is not set to work unasked
FORBIDDEN_WITH_WORD = 0.10  # the same when a weak word points there too
BESIDE = 0.10  # P from which another matter in the same message is worth keeping
LEANS = 0.50  # P(G or R) from which a further word is kept from the contractor of the ticket it came for
SURE_OF_STAFF = 0.60  # the leaf's probability from which a text that names the contractor's people is dispatched unasked
SHORTEST_MATTER = 4  # letters beside flats and numbers below which there is nothing to judge
SHORTEST_DANGER = 5  # different Chinese letters beside who, where and when, below which the model alone does not ring
SHORTEST_SAYING = 2  # different Chinese letters, the same
LONG, FEW = 200, 12  # letters of a text, and different ones in it, from and below which it only repeats itself
RULE_SURE, RULE_LONE = 0.95, 0.75


# Whoever is named in a complaint may be what it is about; only a plain repair is sure enough all the same.
_STAFF = re.compile(
    r"物业|物管|师傅(?<!麻烦师傅)(?<!请师傅)(?<!派师傅)(?<!个师傅)(?<!位师傅)|维修(?:工|员|班|队|公司|人员)|管家|经理|保安|保洁|客服|管理(?:员|处|人员)|工作人员|维保|队长|领导"
)
# Who it is, where, and when somebody is at home: nothing that a contractor or an office could be asked to do.
_NO_MATTER = re.compile(
    r"(?:联系)?(?:电话|手机|号码)|单元|小区|(?:今|明|后)天|[上下]午|晚上|中午|白天|随时|周[一二三四五六日末]"
    rf"|我(?:姓|叫|是)?[{SURNAMES}](?:先生|女士|师傅|[一-龥]{{1,2}}(?=[,。!、 ]|今|明|上午|下午|晚|随时|都|在家|$))"
    rf"|姓[{SURNAMES}]|(?:都|一直)?(?:有人)?在家|就是|谢谢|好的|[栋幢室房楼层号\d\W_]"
)
_PHONE = re.compile(r"(?:联系)?(?:电话|手机|号码)?(?:号码?)?[:是为]?\s*\d[\d\- ]{6,}\d")


_CHINESE = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class _Choice:
    leaf: str
    confidence: float
    review: bool
    reasons: tuple[str, ...]
    secondary: tuple[str, ...] = ()


class Understander:
    """Reads messages. Holds nothing that changes, so one serves all threads."""

    def __init__(self, taxonomy: Taxonomy, model: Model, gazetteer: Gazetteer) -> None:
        unknown = sorted(set(model.labels) - set(taxonomy.leaves))
        if unknown:
            raise ValueError(f"the model knows leaves that the taxonomy does not: {', '.join(unknown)}")
        self.taxonomy, self.model, self.gazetteer = taxonomy, model, gazetteer
        self._group = {code: leaf.group for code, leaf in taxonomy.leaves.items()}

    def understand(self, text: str, *, place_hint: str = "") -> Verdict:
        """Judge one message; any text gives a verdict, an empty one a verdict under review.

        ``place_hint`` is what a form or a resident's record says of the place; the text itself goes before it.
        """
        said = plain(text)
        place = self._place(said, place_hint, text)
        core = matter(without(said, place))
        scores, danger = self._scores(core)
        hits = lexicon.read(core)
        tells = len(set(_CHINESE.findall(_NO_MATTER.sub("", core)))) >= SHORTEST_DANGER
        likeliest = next((code for code, _ in scores if self._group[code] == "E"), "") if tells else ""
        heard = alarm.listen(said, core, self.model, self.taxonomy, danger, likeliest)
        emergencies = heard.hits
        choice = self._choose(core, scores, heard, hits)
        leaf = self.taxonomy.leaves[choice.leaf]
        strong = {hit.group for hit in hits if hit.force == DECIDES}
        urgency, why = manner.raised("U0" if emergencies else leaf.urgency, said)
        reasons = (*choice.reasons, f"因“{why}”提高紧急程度") if why else choice.reasons
        return Verdict(
            leaf=leaf.code,
            group=leaf.group,
            owner=leaf.owner,
            confidence=choice.confidence,
            runners_up=tuple([one for one in scores[:4] if one[0] != leaf.code][:3]),
            request_type=manner.request_type(said, leaf.code),
            urgency=urgency,
            emergencies=emergencies,
            place=place,
            phones=find_phones(said),
            reserved=leaf.group == "G" or (bool(emergencies) and "G" in strong and "R" not in strong),
            about_contractor=leaf.group == "R" or (bool(emergencies) and "R" in strong),
            confidential=leaf.confidential or manner.wants_secrecy(said),
            review=choice.review,
            reasons=reasons,
            secondary=choice.secondary,
            guarded=self._guarded(said, scores, hits, choice),
            emotion=people.emotion(said),
            special_persons=people.special_persons(said),
            collective=people.collective(said),
            model=self.model.fingerprint,
        )

    def _scores(self, core: str) -> tuple[list[tuple[str, float]], float]:
        """The model on the whole and, in a long text, on its opening as well: a letter names its matter first. And P(danger) of
        the whole."""
        whole, danger = self.model.judge(core)
        opening = alarm.opening(core)
        if len(opening) == len(core):
            return whole, danger
        first = dict(self.model.scores(opening))
        mixed = [(code, (p + first[code]) / 2) for code, p in whole]
        return sorted(mixed, key=lambda scored: -scored[1]), danger

    def _guarded(self, said: str, scores: list[tuple[str, float]], hits: tuple[RuleHit, ...], choice: _Choice) -> bool:
        """Whether these words must not join what a contractor reads: by any word of the G and R lexicon, by the leaf chosen with
        confidence, or by the model's clear lean; a flat or a telephone number alone leans nowhere."""
        if any(hit.group in "GR" for hit in hits):
            return True
        told = {code[:1] for code in (choice.leaf, *choice.secondary)}
        if not choice.review and not told.isdisjoint("GR"):
            return True
        matter = _NO_MATTER.sub("", said)
        return len(matter) >= SHORTEST_MATTER and sum([p for code, p in scores if code[0] in "GR"]) >= LEANS

    def _choose(self, said: str, scores: list[tuple[str, float]], heard: Alarm, hits: tuple[RuleHit, ...]) -> _Choice:
        calm = [(code, p) for code, p in scores if self._group[code] != "E"]
        ruled = self._by_rule(calm, hits)
        if heard.hits:
            base = ruled.leaf if ruled else calm[0][0]
            others = tuple(dict.fromkeys((*(hit.code for hit in heard.hits[1:]), base)))
            sure = RULE_SURE if any(hit.words for hit in heard.hits) else heard.danger
            return _Choice(heard.hits[0].code, sure, False, tuple(hit.why for hit in heard.hits), others)
        if ruled:
            return ruled
        return self._by_model(said, scores, heard, hits)

    def _by_rule(self, scores: list[tuple[str, float]], hits: tuple[RuleHit, ...]) -> _Choice | None:
        """R before G before N08; within a group the leaf that the model finds likeliest among those whose words stand there."""
        strong = [hit for hit in hits if hit.force == DECIDES and hit.code in self.taxonomy.leaves]
        if not strong:
            return None
        p = dict(scores)
        best = min(strong, key=lambda hit: (self.taxonomy.rank(hit.code), -p.get(hit.code, 0.0)))
        group = self.taxonomy.leaves[best.code].group
        likely = sum([v for code, v in scores if self._group[code] == group])
        beside = [code for code, v in scores if v >= BESIDE and self._group[code] != group]
        others = tuple(dict.fromkeys((*(h.code for h in strong), *beside[:1])))
        named = self.taxonomy.leaves[best.code].name
        reason = f"规则：原话“{best.words}”属{best.code}{named}"
        secondary = tuple(code for code in others if code != best.code)
        return _Choice(best.code, RULE_SURE if likely >= 0.3 else RULE_LONE, False, (reason,), secondary)

    def _by_model(self, said: str, scores: list[tuple[str, float]], heard: Alarm, hits: tuple[RuleHit, ...]) -> _Choice:
        groups: dict[str, float] = defaultdict(float)
        for code, p in scores:
            groups[self._group[code]] += p
        calm = [(code, p) for code, p in scores if self._group[code] != "E"]
        code, p = calm[0]
        leaf = self.taxonomy.leaves[code]
        reasons = [f"模型：{code}{leaf.name}，把握 {p:.0%}"]
        doubts = []
        if _says_nothing(said):
            doubts.append("没有可研判的内容")
        if p < SURE_LEAF and groups[leaf.group] < SURE_GROUP:
            doubts.append(f"把握不足（{p:.0%}），请坐席核定")
        if heard.doubted or heard.danger >= alarm.NEAR_ALARM:
            told = f"，原话“{heard.doubted[0].words[0]}”" if heard.doubted else ""
            doubts.append(f"可能是紧急情况（{heard.danger:.0%}{told}），请坐席立即核实")
        if leaf.owner in (Owner.CONTRACTOR, Owner.ELSEWHERE):
            doubts += self._forbidden(groups["G"] + groups["R"], hits)
            if not doubts and p < SURE_OF_STAFF and (named := _STAFF.search(said)):
                doubts.append(f"提到“{named[0]}”而把握不足（{p:.0%}），可能涉承接主体，不自动派单")
        return _Choice(code, p, bool(doubts), (*reasons, *doubts), tuple(c for c, q in calm[1:4] if q >= 0.2))

    def _forbidden(self, p: float, hits: tuple[RuleHit, ...]) -> list[str]:
        """Doubt about a contractor's ticket that smells of G or R: by words that stop, by the model, or by both a little."""
        doubtful = [hit for hit in hits if hit.force != DECIDES and hit.group in "GR"]
        stops = bool(doubtful) and doubtful[0].force == STOPS
        if not stops and p < (FORBIDDEN_WITH_WORD if doubtful else FORBIDDEN):
            return []
        seen = f"，原话“{doubtful[0].words}”" if doubtful else ""
        return [f"可能属政府保留或涉承接主体事项（{p:.0%}{seen}），不自动派单"]

    def _place(self, said: str, hint: str, text: str) -> PlaceFound | None:
        """Where the text says, with the address as the resident wrote it; a hint fills in what is open (``source``)."""
        place, address = self._named(said, hint), find_address(text)
        if place is None:
            return PlaceFound(words=(address,), address=address) if address else None
        return replace(place, address=address or "")

    def _named(self, text: str, hint: str) -> PlaceFound | None:
        place = self.gazetteer.find(text)
        if not hint or (place and place.estate_id):
            return place
        if place and place.candidates:  # the hint may settle which of them; it may not overrule the text
            hinted = self.gazetteer.find(hint)
            chosen = hinted and hinted.estate_id in {i for i, _ in place.candidates}
            settled = self.gazetteer.find(f"{hint} {place.building and place.building + '栋'}") if chosen else None
            return replace(settled, source="hinted") if settled else place
        both = self.gazetteer.find(f"{hint} {text}")
        return replace(both, source="hinted") if both and both.estate_id else (place or both)


def _says_nothing(said: str) -> bool:
    """Whether less than two different Chinese letters are left beside flats and numbers, or a long text repeats a few."""
    if len(said) >= LONG and len(set(said)) < FEW:
        return True
    return len(set(_CHINESE.findall(_NO_MATTER.sub("", said[:LONG])))) < SHORTEST_SAYING


def without(said: str, place: PlaceFound | None) -> str:
    """The (plain) text without the names of places and without numbers to call, so that neither speaks for a matter."""
    said = _PHONE.sub(" ", said)
    for words in place.words if place else ():
        said = said.replace(words, " ")
    return said
