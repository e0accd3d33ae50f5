"""The heart: what a ticket is and what may happen to it. No I/O, no web, no time."""
