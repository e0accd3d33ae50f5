"""The rules of the house: each reads one file and yields the lines that break it. Its docstring is the incident it prevents.

A rule that hinders good work is argued with in ``app/docs/decisions/``, not silenced line by line.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Callable, Iterator
from io import StringIO

from tests.house.source import Finding, Source, calls, imported, name_of, strings

Rule = Callable[[Source], Iterator[Finding]]

CLOCKS = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    *(
        f"time.{name}"
        for name in (
            "time",
            "time_ns",
            "monotonic",
            "monotonic_ns",
            "perf_counter",
            "perf_counter_ns",
            "sleep",
            "localtime",
            "gmtime",
        )
    ),
    *(f"sqlalchemy.func.{name}" for name in ("now", "current_timestamp", "current_date", "localtimestamp", "clock_timestamp")),
}
SQL_CLOCK = re.compile(r"\bCURRENT_(TIMESTAMP|DATE|TIME)\b|\b(now|clock_timestamp)\(\)|\(\s*'now'", re.IGNORECASE)
VAGUE = {"util", "utils", "helper", "helpers", "common", "base", "manager", "managers", "service", "services", "misc"}
NETWORK = {"httpx", "socket", "smtplib", "imaplib", "imap_tools", "aiosmtplib", "requests", "urllib", "ssl"}


def one_clock(source: Source) -> Iterator[Finding]:
    """Two readings of the time in one act give deadlines that differ by seconds, and neither can be set by a test.

    A clock inside SQL is worse: a demonstration that runs fast, and every test, would write the wall's time into one column.
    """
    if source.path == "app/clock.py":
        return
    known = imported(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute | ast.Name):
            first, _, rest = name_of(node).partition(".")
            whole = f"{known.get(first, first)}.{rest}".rstrip(".")
            if whole in CLOCKS:
                yield Finding(
                    source.path, node.lineno, f"reads the time by {whole}; it is read in app/clock.py and handed on as `now`"
                )
    for text in strings(source.tree):
        if SQL_CLOCK.search(str(text.value)):
            yield Finding(source.path, text.lineno, "lets the database read the time; bind `now` instead")


def one_assignment_of_state(source: Source) -> Iterator[Finding]:
    """A state that is just an attribute gets set in views, in imports, in "repairs"; each skips the event or the notice."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr == "state" and is_ticket(node.value):
            yield Finding(source.path, node.lineno, "assigns ticket.state; only casework.act() does")
        if isinstance(node, ast.Call) and writes_state_past_act(node):
            yield Finding(source.path, node.lineno, "writes ticket.state past casework.act()")


def is_ticket(node: ast.expr) -> bool:
    last = name_of(node).rsplit(".", 1)[-1].lower()
    return "ticket" in last or last in ("case", "t")


def writes_state_past_act(call: ast.Call) -> bool:
    """``Ticket(state=…)`` and ``setattr(ticket, "state", …)`` and ``update(Ticket)….values(state=…)``."""
    named = any(keyword.arg == "state" for keyword in call.keywords)
    match call.func:
        case ast.Name(id="Ticket"):
            return named  # a new ticket has no state: act("receive") gives it the first one
        case ast.Name(id="setattr"):
            return (
                len(call.args) > 1
                and isinstance(call.args[1], ast.Constant)
                and call.args[1].value == "state"
                and is_ticket(call.args[0])
            )
        case ast.Attribute(attr="values" | "update", value=value):
            keys = {
                key.value
                for given in call.args
                if isinstance(given, ast.Dict)
                for key in given.keys
                if isinstance(key, ast.Constant)
            }
            keys |= {
                key.attr
                for given in call.args
                if isinstance(given, ast.Dict)
                for key in given.keys
                if isinstance(key, ast.Attribute)
            }
            whole = ast.unparse(value)
            return (named or "state" in keys) and "Ticket" in re.findall(r"\w+", whole) and "insert" not in whole
    return False


def commits_only_in_the_store(source: Source) -> Iterator[Finding]:
    """A commit midway, and a crash after it, leave a ticket dispatched of which the contractor never hears."""
    if source.path != "app/store/db.py":
        for call in calls(source.tree, "commit"):
            yield Finding(source.path, call.lineno, "commits; `with hotline.tx()` does, at its end")


def sends_only_from_the_outbox(source: Source) -> Iterator[Finding]:
    """A notice sent from anywhere else is lost when the process dies, and sent twice when it is tried again."""
    for call in calls(source.tree, "send"):
        yield Finding(source.path, call.lineno, "sends; write a row in the outbox instead")


def fetches_only_in_the_worker(source: Source) -> Iterator[Finding]:
    """A mailbox polled from a page holds that page's thread until the mail server answers, and it may not."""
    if source.path != "app/worker.py":
        for call in calls(source.tree, "fetch"):
            yield Finding(source.path, call.lineno, "fetches from a channel; only the worker's tick does")


def no_network_in_a_transaction(source: Source) -> Iterator[Finding]:
    """SQLite has one writer: a call that hangs for thirty seconds inside a transaction stops every resident's message."""
    known = imported(source.tree)
    for block in ast.walk(source.tree):
        if not in_transaction(block):
            continue
        for node in ast.walk(block):
            if isinstance(node, ast.Call):
                name = name_of(node.func)
                origin = known.get(name.split(".")[0], name)
                calls_out = origin.split(".")[0] in NETWORK and not origin.startswith(
                    "urllib.parse"
                )  # that only takes words apart
                if calls_out or name.rsplit(".", 1)[-1] in ("send", "fetch", "urlopen") or "wire" in name.split(".")[:-1]:
                    yield Finding(source.path, node.lineno, f"calls {name}() inside a transaction")


def in_transaction(node: ast.AST) -> bool:
    """A ``with hotline.tx()`` (or ``.look()``) block, or a function that is handed a transaction."""
    match node:
        case ast.With(items=items):
            return any(name_of(item.context_expr).endswith((".tx", ".look")) for item in items)
        case ast.FunctionDef(args=arguments) | ast.AsyncFunctionDef(args=arguments):
            return any(one.arg == "tx" for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs])
    return False


def no_swallowed_failure(source: Source) -> Iterator[Finding]:
    """A sweep that swallows its failure stands still for a weekend, with a clean log."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = {
                name_of(kind)
                for kind in (node.type.elts if isinstance(node.type, ast.Tuple) else [node.type] if node.type else [])
            }
            silent = all(isinstance(line, ast.Pass | ast.Continue) or ast.unparse(line) == "..." for line in node.body)
            if silent and (not caught or caught & {"Exception", "BaseException"}):
                yield Finding(source.path, node.lineno, "swallows any failure whatever")
        if (
            isinstance(node, ast.Call)
            and name_of(node.func).endswith("suppress")
            and {name_of(a) for a in node.args} & {"Exception", "BaseException"}
        ):
            yield Finding(source.path, node.lineno, "swallows any failure whatever")


def nothing_left_for_later(source: Source) -> Iterator[Finding]:
    """main is always releasable; what is not done stands in the list of work, where somebody reads it, not in a comment."""
    for token in tokenize.generate_tokens(StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and re.search(r"\b(TODO|FIXME|XXX|HACK)\b", token.string):
            yield Finding(source.path, token.start[0], "leaves something for later")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            yield Finding(source.path, node.lineno, "is not implemented")


def no_vague_module(source: Source) -> Iterator[Finding]:
    """`utils.py` and `base.py` say nothing of what is inside, so everything ends up there, and everything imports them."""
    vague = VAGUE & set(source.path.removesuffix(".py").split("/"))
    if vague:
        yield Finding(source.path, 1, f"is called {vague.pop()}; name it for what it does")


def short_file(source: Source, limit: int = 350) -> Iterator[Finding]:
    """Of nine projects measured, the painful ones differ from the pleasant ones in their longest files, not in their median."""
    lines = source.text.count("\n")
    if lines > limit:
        yield Finding(source.path, lines, f"has {lines} lines; {limit} is the most")


def short_function(source: Source, limit: int = 60) -> Iterator[Finding]:
    """A function that needs scrolling gets changed by people who have not read its end."""
    for name, line, length in function_lengths(source):
        if length > limit:
            yield Finding(source.path, line, f"{name}() has {length} lines; {limit} is the most")


def function_lengths(source: Source) -> Iterator[tuple[str, int, int]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1
