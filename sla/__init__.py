"""Time limits 时限: working calendars, running timers, escalation ladders. Pure: no I/O, no clock, standard library only."""
