"""The examples that stand commented in the shipped site set."""

from ostler.policies.policyset import default_site


def shipped_examples(*names: str) -> str:
    """Some of them as a user takes them into use: with the slashes away."""
    blocks = default_site()["site.cedar"].split("\n\n")
    taken: list[str] = []
    for name in names:
        (block,) = [b for b in blocks if f'// @id("{name}")' in b]
        policy = block.partition("\n//\n")[2]
        taken += [line.removeprefix("// ") for line in policy.splitlines()]
    return "\n".join(taken)
