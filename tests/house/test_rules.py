"""The rules hold in every file, and each rule bites: one that finds nothing in a bad example would guard nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.house import rules
from tests.house.source import Source, application, by_hand, of_tests, ours

EVERYWHERE: list[rules.Rule] = [
    rules.one_clock,
    rules.no_swallowed_failure,
    rules.nothing_left_for_later,
    rules.no_vague_module,
]
IN_WHAT_IS_READ: list[rules.Rule] = [rules.short_file, rules.short_function]
IN_THE_APPLICATION: list[rules.Rule] = [
    rules.commits_only_in_the_store,
    rules.fetches_only_in_the_worker,
    rules.no_network_in_a_transaction,
]
IN_TESTS: list[rules.Rule] = [rules.one_clock, rules.nothing_left_for_later, rules.no_vague_module]
TELLING_OF_RULES = ("tests/house/rules.py", "tests/house/test_rules.py")


def name(rule: rules.Rule) -> str:
    return rule.__name__


def found(rule: rules.Rule, where: Iterable[Source]) -> list[str]:
    return [str(finding) for source in where if source.path not in TELLING_OF_RULES for finding in rule(source)]


@pytest.mark.parametrize("rule", EVERYWHERE, ids=name)
def test_in_everything_that_runs(rule: rules.Rule) -> None:
    assert not found(rule, ours())


@pytest.mark.parametrize("rule", IN_WHAT_IS_READ, ids=name)
def test_in_what_is_read(rule: rules.Rule) -> None:
    assert not found(rule, by_hand())


@pytest.mark.parametrize("rule", IN_THE_APPLICATION, ids=name)
def test_in_the_application(rule: rules.Rule) -> None:
    assert not found(rule, application())


@pytest.mark.parametrize("rule", IN_TESTS, ids=name)
def test_in_the_tests(rule: rules.Rule) -> None:
    assert not found(rule, of_tests())


def test_the_state_of_a_ticket_is_assigned_on_one_line() -> None:
    assert [line.split(":")[0] for line in found(rules.one_assignment_of_state, ours())] == ["app/casework.py"]


def test_one_line_sends() -> None:
    assert [line.split(":")[0] for line in found(rules.sends_only_from_the_outbox, application())] == ["app/outbox.py"]


def test_ninety_five_functions_of_a_hundred_are_short() -> None:
    """The bound that tells pleasant code from painful; the median hardly differs."""
    lengths = sorted(
        (length, f"{source.path}:{line} {called}()")
        for source in by_hand()
        for called, line, length in rules.function_lengths(source)
    )
    allowed = len(lengths) // 20
    long = [place for length, place in lengths if length > 30]
    assert len(long) <= allowed, f"{len(long)} of {len(lengths)} functions have more than 30 lines, {allowed} may:\n" + "\n".join(
        long
    )


BAD: list[tuple[rules.Rule, str]] = [
    (rules.one_clock, "from datetime import datetime\nx = datetime.now()"),
    (rules.one_clock, "import datetime as d\nx = d.date.today()"),
    (rules.one_clock, "from time import sleep as nap\nnap(1)"),
    (rules.one_clock, "import time\nfield(default_factory=time.monotonic)"),
    (rules.one_clock, "from sqlalchemy import func\nselect(func.now())"),
    (rules.one_clock, "import sqlalchemy as sa\nselect(sa.func.now())"),
    (rules.one_clock, "text('select CURRENT_TIMESTAMP')"),
    (rules.one_clock, "text(\"select datetime('now')\")"),
    (rules.one_assignment_of_state, "ticket.state = State.CLOSED"),
    (rules.one_assignment_of_state, "self.ticket.state, x = 1, 2"),
    (rules.one_assignment_of_state, "Ticket(number=1, state=State.CLOSED)"),
    (rules.one_assignment_of_state, "setattr(ticket, 'state', 1)"),
    (rules.one_assignment_of_state, "session.execute(update(Ticket).where(Ticket.id == 1).values(state='closed'))"),
    (rules.one_assignment_of_state, "session.query(Ticket).update({'state': 1})"),
    (rules.one_assignment_of_state, "session.query(Ticket).update({Ticket.state: 1})"),
    (rules.commits_only_in_the_store, "session.commit()"),
    (rules.sends_only_from_the_outbox, "channels['wechat'].send(notice)"),
    (rules.fetches_only_in_the_worker, "channel.fetch('')"),
    (rules.no_network_in_a_transaction, "with hotline.tx() as tx:\n    channel.send(notice)"),
    (rules.no_network_in_a_transaction, "import httpx\nwith self.hotline.tx() as tx:\n    httpx.get('x')"),
    (rules.no_network_in_a_transaction, "def tell(tx, wire):\n    wire.post('x')"),
    (rules.no_swallowed_failure, "try:\n    f()\nexcept Exception:\n    pass"),
    (rules.no_swallowed_failure, "for x in y:\n    try:\n        f()\n    except (OSError, Exception):\n        continue"),
    (rules.no_swallowed_failure, "with contextlib.suppress(Exception):\n    f()"),
    (rules.nothing_left_for_later, "x = 1  # TODO later"),
    (rules.nothing_left_for_later, "raise NotImplementedError"),
    (rules.short_file, "x = 1\n" * 351),
    (rules.short_function, "def f():\n" + "    x = 1\n" * 60),
]


@pytest.mark.parametrize(("rule", "text"), BAD, ids=[f"{rule.__name__}-{number}" for number, (rule, _) in enumerate(BAD)])
def test_a_rule_bites(rule: rules.Rule, text: str) -> None:
    assert list(rule(Source("app/example.py", text)))


def test_a_module_is_named_for_what_it_does() -> None:
    assert list(rules.no_vague_module(Source("app/utils.py", "")))
    assert list(rules.no_vague_module(Source("app/common/words.py", "")))


GOOD: list[tuple[rules.Rule, str]] = [
    (rules.one_clock, '"""Nothing calls now() here."""\nx = clock.now()\ndate.fromisoformat("2026-01-05")'),
    (
        rules.one_assignment_of_state,
        "outbox_row.state = SENT\nsession.execute(update(OutboxRow).values(state='sent'))\napp.state.hotline = 1",
    ),
    (rules.no_network_in_a_transaction, "with hotline.tx() as tx:\n    row = claim(tx)\nchannel.send(row)"),
    (rules.no_swallowed_failure, "try:\n    f()\nexcept KeyError:\n    pass"),
]


@pytest.mark.parametrize(("rule", "text"), GOOD, ids=[f"{rule.__name__}-{number}" for number, (rule, _) in enumerate(GOOD)])
def test_a_rule_leaves_good_code_alone(rule: rules.Rule, text: str) -> None:
    assert list(rule(Source("app/example.py", text))) == []
