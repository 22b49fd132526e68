"""The configuration of one process: what the operator decides, from the environment and the command line."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

Tenancy = Literal["single", "multi"]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs between deployments; everything else is data or declared by plugins."""

    data_dir: Path = Path(".data")
    """Where files, the master key and embedded servers live."""
    tenancy: Tenancy = "single"
    """One tenant, or several kept apart by row-level security (`multi`)."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = 8080
    """The port to listen on; 0 picks a free one."""
    database_url: str = ""
    """PostgreSQL, as the role that serves; empty: an embedded server under the data directory."""
    owner_database_url: str = ""
    """PostgreSQL, as the role that migrates; empty: the one that serves."""
    direct_database_url: str = ""
    """PostgreSQL past a transaction pooler, for notifications; empty: there is no pooler."""
    redis_url: str = ""
    """Redis or Valkey; empty: an embedded server under the data directory."""
    quarantine: frozenset[str] = frozenset()
    """Plugins that the operator has switched off by name."""
    strict: bool = False
    """Refuse to start when an installed plugin is broken, instead of starting without it."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks (CIDR) whose X-Forwarded-* headers are believed."""
    allowed_origins: tuple[str, ...] = ()
    """Origins that browsers may call the API from (CORS)."""
    outbound_networks: tuple[str, ...] = ()
    """Networks (CIDR) beside the public internet that tenants' mail servers and the like may be in."""
    public_url: str = ""
    """The address people use. In multi-tenant mode `<slug>.<its host>` names a tenant, and unknown hosts are refused."""
    requests_per_minute: int = 600
    """Per user or API key, a fifth of it at once; 0 lifts the limit, as it does for the next two."""
    tenant_requests_per_minute: int = 6000
    """Per tenant, a fifth of it at once."""
    anonymous_requests_per_minute: int = 60
    """Per client address, all of it at once."""
    processes: int = 1
    """HTTP processes serving together: each lets its share through while Redis is away."""
    pool_size: int = 16
    """The most connections to PostgreSQL that one process holds."""
    statement_cache: int = 1000
    """Prepared statements per connection; 0 behind a transaction pooler."""
    worker_threads: int = 8
    """How many jobs a process runs at once: a quarter critical, a quarter bulk, the rest default."""
    tenant_jobs: int = 0
    """How many jobs of one tenant run at once in each queue, over all processes; 0 means three quarters of a process."""
    trace_hooks: bool = False
    """Log every call of a hook with its answer."""
    log_format: Literal["text", "json"] = "text"
    """Lines for people, or JSON for a collector."""

    @property
    def multi_tenant(self) -> bool:
        """Whether several tenants share the database under row-level security."""
        return self.tenancy == "multi"


def from_environment(environment: Mapping[str, str] = os.environ, **overrides: object) -> Config:
    """Read `PSA_<FIELD>` variables (lists comma-separated); explicit overrides win.

    Raises `ValueError` naming the variable when a value doesn't fit.

    Example:
        >>> from_environment({"PSA_PORT": "9000", "PSA_QUARANTINE": "sla,time"}).quarantine == {"sla", "time"}
        True
    """
    values: dict[str, object] = {}
    for field in msgspec.structs.fields(Config):
        variable = f"PSA_{field.name.upper()}"
        raw = environment.get(variable)
        if raw is None:
            continue
        is_list = field.name in {"quarantine", "trusted_proxies", "allowed_origins", "outbound_networks"}
        text: object = [part.strip() for part in raw.split(",") if part.strip()] if is_list else raw
        try:
            values[field.name] = msgspec.convert(
                text, field.type, strict=False, dec_hook=lambda kind, value: kind(value)
            )
        except msgspec.ValidationError as error:
            raise ValueError(f"{variable}={raw!r} is not usable: {error}") from error
    values.update({name: value for name, value in overrides.items() if value is not None})
    return Config(**values)  # pyright: ignore[reportArgumentType]
