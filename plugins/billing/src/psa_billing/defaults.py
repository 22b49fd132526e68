"""What a new tenant starts with: series of numbers, tax categories."""

from psa_billing.numbers import DEFAULTS
from psa_sdk import Context

SERIES = """
INSERT INTO billing.series (kind, pattern) SELECT s.kind, s.pattern FROM unnest($1::text[], $2::text[]) AS s(kind, pattern)
ON CONFLICT DO NOTHING"""
CATEGORIES = (
    ("standard", "Standard", "taxable", True),
    ("reduced", "Reduced", "taxable", False),
    ("zero", "Zero rate", "zero", False),
    ("exempt", "Exempt", "exempt", False),
)


async def seed(ctx: Context) -> None:
    """Make the series and the usual tax categories; safe to repeat."""
    await ctx.db.execute(SERIES, list(DEFAULTS), list(DEFAULTS.values()))
    known = {row["key"] for row in await ctx.records.find("tax-categories")}
    for key, name, treatment, default in CATEGORIES:
        if key not in known:
            await ctx.records.create(
                "tax-categories", {"key": key, "name": name, "treatment": treatment, "is_default": default}
            )
