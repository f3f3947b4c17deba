"""The policy engine: what is denied, what needs how many votes, who may vote."""
