"""PostgreSQL and Valkey as children of the application, for those who bring no servers of their own."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import msgspec

from psa_kernel.config import Config
from psa_kernel.embedded.binaries import ServerError
from psa_kernel.embedded.postgres import EmbeddedPostgres, Urls
from psa_kernel.embedded.valkey import EmbeddedValkey
from psa_kernel.embedded.watch import Server, watched

__all__ = ["EmbeddedPostgres", "EmbeddedValkey", "ServerError", "Urls", "servers"]


@contextmanager
def servers(config: Config, *, redis: bool = True) -> Generator[Config]:
    """Give a configuration whose URLs are all filled in, by embedded servers where the operator gave none.

    One that dies meanwhile is started again on its port. On leaving, a server stops when no other process uses it. Raises `ServerError`.
    """
    mine: list[Server] = []
    with ExitStack() as started:
        if not config.database_url:
            postgres = EmbeddedPostgres(config.data_dir)
            urls = postgres.ensure()
            started.callback(postgres.stop)
            mine.append(postgres)
            config = msgspec.structs.replace(
                config, database_url=urls.app, owner_database_url=urls.owner, direct_database_url=urls.direct
            )
        config = msgspec.structs.replace(
            config,
            owner_database_url=config.owner_database_url or config.database_url,
            direct_database_url=config.direct_database_url or config.database_url,
        )
        if redis and not config.redis_url:
            valkey = EmbeddedValkey(config.data_dir)
            url = valkey.ensure()
            started.callback(valkey.stop)
            mine.append(valkey)
            config = msgspec.structs.replace(config, redis_url=url)
        started.enter_context(watched(mine))
        yield config
