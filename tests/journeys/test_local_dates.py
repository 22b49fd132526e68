"""What today means is the tenant's business."""

import datetime

PLUGINS = ("contacts", "comments", "ticketing")


async def test_today_is_where_the_tenant_is(new_kit):
    """X-04: these zones are 25 hours apart, so their dates always differ."""
    kit = await new_kit("multi", plugins=PLUGINS)
    admin = await kit.admin()
    seen: list[datetime.date] = []
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        answer = await admin.patch("/settings/tenancy", {"values": {"timezone": zone}}, type="settings")
        assert answer.status_code == 200, answer.text
        async with kit.unit() as ctx:
            seen.append(ctx.today)
    east, west = seen
    assert east > west
    assert west <= kit.now.date() <= east
