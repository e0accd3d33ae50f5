"""The register 台账: who buys, who owes, where, from when to when, and the people who work with it."""
