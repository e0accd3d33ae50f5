"""Routing 研判与派单: what a message is about, where, how urgent, and who owes the answer. Pure: no I/O, no clock."""
