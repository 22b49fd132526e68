"""Data migrations are Python, on the owner's connection."""


async def forwards(connection):
    await connection.execute("UPDATE dummy.gadget SET state = 'lost' WHERE state = 'stolen'")
