"""Time: what was worked, for whom, at which rate, and who approved it."""
