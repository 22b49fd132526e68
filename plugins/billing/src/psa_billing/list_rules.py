"""What happens when lists are written: taxes, products, prices."""

from psa_billing.amounts import bounded
from psa_billing.profiles import tenant_facts
from psa_sdk import Change, Context
from psa_sdk.errors import Invalid

CLEAR_CATEGORY = "UPDATE billing.tax_category SET is_default = false WHERE is_default AND id <> $1"
CLEAR_RATE = "UPDATE billing.tax_rate SET is_default = false WHERE is_default AND id <> $1"


async def write_tax_category(ctx: Context, change: Change) -> None:
    """Make the default replace the former one."""
    if change.new.get("is_default"):
        await ctx.db.execute(CLEAR_CATEGORY, change.id)


async def write_tax_rate(ctx: Context, change: Change) -> None:
    """Keep rates within bounds; make the default replace the former one."""
    rate = bounded(change.value("rate"), "/data/attributes/rate")
    if not 0 <= rate < 100:
        raise Invalid(
            "A rate lies between 0 and 100 percent.", code="bad_rate", pointer="/data/attributes/rate"
        )
    starts, ends = change.value("starts_on"), change.value("ends_on")
    if starts is not None and ends is not None and ends < starts:
        raise Invalid(
            "A rate ends on or after its first day.", code="bad_period", pointer="/data/attributes/ends_on"
        )
    if change.new.get("is_default"):
        await ctx.db.execute(CLEAR_RATE, change.id)


async def write_product(ctx: Context, change: Change) -> None:
    """Use the tenant's currency where none is given; prices aren't negative."""
    if change.value("currency") is None:
        change.new["currency"] = (await tenant_facts(ctx))["currency"]
    _check_price(change)


async def write_price(ctx: Context, change: Change) -> None:
    """Check that prices aren't negative."""
    _check_price(change)


def _check_price(change: Change) -> None:
    if bounded(change.value("unit_price"), "/data/attributes/unit_price") < 0:
        raise Invalid("A price isn't negative.", code="negative_price", pointer="/data/attributes/unit_price")
