"""What operators do with jobs."""

from uuid import UUID

from psa_kernel.builtin.events.retry import retry
from psa_sdk import Context, Record, post


@post("/jobs/{id:uuid}/retry", permission="jobs.jobs.retry", status=202, returns="jobs")
async def retry_job(ctx: Context, id: UUID) -> Record:
    """Send a dead job again."""
    await retry(ctx, id, job=True)
    return Record("jobs", id, status=202)


ALL = (retry_job,)
