"""The demonstration city: its register, its residents' complaints, and a clock that can run fast."""
