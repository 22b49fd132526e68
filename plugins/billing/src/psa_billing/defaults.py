"""What a new tenant starts with: the usual tax categories."""

from psa_sdk import Context

CATEGORIES = (
    ("standard", "Standard", "taxable", True),
    ("reduced", "Reduced", "taxable", False),
    ("zero", "Zero rate", "zero", False),
    ("exempt", "Exempt", "exempt", False),
)


async def seed(ctx: Context) -> None:
    """Make the tax categories; safe to repeat."""
    known = {row["key"] for row in await ctx.records.find("tax-categories")}
    for key, name, treatment, default in CATEGORIES:
        if key not in known:
            await ctx.records.create(
                "tax-categories", {"key": key, "name": name, "treatment": treatment, "is_default": default}
            )
