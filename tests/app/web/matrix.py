"""The table of who may see which kind of ticket and what of it: read this, and test_matrix.py proves it on every route.

A new route needs one line in ``MAY`` of test_every_route.py, naming who may knock; the rest follows from here. A new kind of
ticket needs a line in ``SEES`` and one in scene.py.
"""

from __future__ import annotations

# Who asks: as whom they sign in, and how their door is called in ``MAY``.
LOGINS = {
    "nobody": "",
    "agent": "agent",
    "lead": "jiangxiu",  # the contractor that handles
    "helper": "anju",  # another one, asked to assist with one ticket
    "former": "fangan",  # was asked to assist, and the request was withdrawn
    "stranger": "linli",  # a contractor that has nothing to do with any of them
    "district": "linjiang",  # supervises the district
    "elsewhere": "wanghu",  # supervises another district
    "city": "city",  # supervises everything
    "admin": "admin",
    "evaluator": "evaluator",
    "resident": "",  # with the cookie of the ticket that is asked for
    "neighbour": "",  # with the cookie of another ticket
}
DOORS = {
    **{who: login for who, login in LOGINS.items() if login},
    **dict.fromkeys(("helper", "former", "stranger"), "jiangxiu"),
    **dict.fromkeys(("district", "elsewhere"), "city"),
    **dict.fromkeys(("resident", "neighbour"), "follow"),
}
HOUSE = {"agent", "district", "city", "admin"}  # all tickets of the scene lie in one district

# Which kinds of ticket exist for whom. Whoever is not named is refused as if there were no such ticket.
SEES: dict[str, set[str]] = {
    "ordinary": HOUSE | {"lead", "resident"},
    "helped": HOUSE | {"lead", "helper", "resident"},
    "confidential": HOUSE | {"lead", "resident"},
    "restated": HOUSE | {"lead", "resident"},
    "sealed R": HOUSE | {"resident"},
    "sealed G": HOUSE | {"resident"},
    "reclassified": HOUSE | {"resident"},  # was dispatched, then found to be about the contractor
    "refiled": HOUSE | {"resident"},  # sealed, then filed as an ordinary matter by somebody who may not open it
    "whole": HOUSE | {"resident"},  # about a contractor; of it a part was split
    "part": HOUSE | {"lead"},  # its resident follows the whole, and reads it there
    "merged": HOUSE | {"lead", "resident"},
    "incident": HOUSE | {"lead"},  # nobody's complaint
    "member": HOUSE | {"resident"},
    "drawn": HOUSE | {"lead", "evaluator", "resident"},
    "undrawn": HOUSE | {"lead", "resident"},
    "drawn, sealed": HOUSE | {"resident"},  # drawn for evaluation, and found to be about the contractor since
}

# What of a ticket that exists for them they may read: ``word`` is what the resident said, ``brief`` what the desk made of it.
EVERYTHING = {"word", "brief", "name", "phone", "sender", "room"}
READS: dict[str, set[str]] = {
    "lead": {"word", "brief", "name", "phone", "room"},
    "helper": {"word", "brief", "room"},
    "evaluator": {"word", "brief"},
    "resident": {"word", "name", "phone", "room"},
    # On the pages of an administrator name and number are masked; the words stay, because they are what is administered.
    "admin": EVERYTHING,
}
# Less, where confidence was asked for or the desk has restated what was said.
LESS: dict[tuple[str, str], set[str]] = {
    ("lead", "confidential"): {"word", "name", "phone", "room"},
    ("lead", "restated"): {"word", "name", "phone", "room"},
}


# Whose words stand on a resident's page beside those of the ticket that is asked for: a split matter has one page.
OWN = {"whole": ("whole", "part")}


def reads(who: str, kind: str) -> set[str]:
    """What this one may read of such a ticket; nothing where it does not exist for them."""
    if who not in SEES[kind]:
        return set()
    return READS.get(who, EVERYTHING) - LESS.get((who, kind), set())
