"""What a person writes is made a proposal: proved and judged like an agent's, and voted on."""
