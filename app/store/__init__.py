"""SQL lives here: engines and transactions, and what is asked of tickets, boards, timers and the outbox."""
