"""Logs: one line per happening, as text or JSON; each tells tenant, plugin and request id."""

import logging
import sys
from collections.abc import Generator, MutableMapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Literal

import msgspec
import structlog

_ALWAYS = ("request_id", "tenant", "plugin")
_SECRET = ("password", "secret", "token", "authorization", "cookie", "api_key")
_QUIET = ("asyncio", "uvicorn.access", "httpx", "dramatiq")


def configure(form: Literal["text", "json"] = "text", *, level: int = logging.INFO) -> None:
    """Send structlog's and the standard library's lines to standard error in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _complete,
        _mask,
    ]
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(serializer=_json) if form == "json" else _text
    )
    # Local variables stay out of tracebacks: they hold what clients and tenants entrust to us.
    frames = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=30)
    )
    last: list[structlog.typing.Processor] = (
        [frames, render] if form == "json" else [structlog.processors.format_exc_info, render]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(_Stderr()),  # pyright: ignore[reportArgumentType]
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(_Stderr())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


class _Stderr:
    """Standard error as it is when a line is written, not as it was when logging was set up."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


@contextmanager
def bound(**facts: str) -> Generator[None]:
    """Give every line of a block some facts: `request_id`, `tenant` (slug or id), `plugin`."""
    tokens = structlog.contextvars.bind_contextvars(**facts)
    try:
        yield
    finally:
        structlog.contextvars.reset_contextvars(**tokens)


def _complete(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in _ALWAYS:
        event.setdefault(name, "-")
    return event


def _mask(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in event:
        if _is_secret(name):
            event[name] = "***"
    return event


@lru_cache(1024)
def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET)


def _text(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    """Return a line such as `2026-03-01T09:00:00Z info    request  method=GET status=200`."""
    head = f"{event.pop('timestamp', '')} {event.pop('level', ''):<7} {event.pop('event', '')}"
    exception = event.pop("exception", None)
    facts = " ".join(f"{name}={_word(value)}" for name, value in event.items())
    line = f"{head}  {facts}" if facts else head
    return f"{line}\n{exception}" if exception else line


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    # Line breaks from outside must not make lines of their own.
    return text if text.isprintable() and " " not in text and text else repr(text)


def _json(event: Any, default: Any = None, **options: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
