"""The API's own memory: idempotency keys."""

from psa_kernel.builtin.api import jobs, tables
from psa_kernel.jsonapi.csv_inside import UnitImports
from psa_kernel.jsonapi.inside import UnitDocuments
from psa_sdk import Manifest, every, hookimpl, provide
from psa_sdk.documents import Documents
from psa_sdk.imports import Imports


@hookimpl
def psa_manifest() -> Manifest:
    """Declare the API's tables and housekeeping."""
    return Manifest(
        name="api",
        title="API",
        description="Idempotency keys and atomic operations of the JSON:API.",
        requires=("tenancy",),
        tables=tables.ALL,
        services=(provide(Documents, UnitDocuments), provide(Imports, UnitImports)),
        actors=(jobs.forget_expired_keys,),
        schedules=(every("17 * * * *", jobs.forget_expired_keys),),
    )
