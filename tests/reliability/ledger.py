"""The ledger: what clients were promised, kept outside the system and safe from any crash of it."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """A write that was acknowledged: its kind, the record, and the mark that it carries."""

    kind: str
    id: str
    mark: str
    request_id: str
    replayed: bool = False
    """Whether the answer came from the store, because an earlier try had been committed."""


class Ledger:
    """Appends promises, each on the disk before its client goes on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.kept = 0

    def keep(self, **facts: Any) -> None:
        os.write(self._file, json.dumps(facts).encode() + b"\n")
        os.fsync(self._file)
        self.kept += 1

    def read(self) -> list[Promise]:
        return [msgspec.json.decode(line, type=Promise) for line in self._path.read_bytes().splitlines()]

    def close(self) -> None:
        os.close(self._file)
