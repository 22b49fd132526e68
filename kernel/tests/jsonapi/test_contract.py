"""The OpenAPI description keeps its word: schemathesis over real HTTP."""

import asyncio
import socket
import sys
from pathlib import Path

import msgspec
import pytest
import uvicorn

from psa_kernel.http.openapi import ERROR
from psa_kernel.jsonapi.openapi import paths

from .library import Author, Book, numbered

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.slow
@pytest.mark.parametrize("seconds", ["4", pytest.param("60", marks=pytest.mark.thorough)])
async def test_no_answer_contradicts_the_description(served, tmp_path: Path, seconds: str):
    """API-05"""
    await served.add(Author, id=numbered(1), first_name="Ada", last_name="Quill")
    await served.add(Book, id=numbered(11), title="Ink", author=numbered(1), custom_fields='{"room": 1}')
    described, components = paths(served.kernel.registry)
    own = {path: item for path, item in described.items() if path.split("/")[3].split(".")[0] in OWN}
    components["schemas"]["Error"] = ERROR
    components["responses"] = {
        "Error": {
            "description": "What is wrong.",
            "content": {"application/vnd.api+json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
    }
    for item in own.values():
        for operation in item.values():
            for parameter in operation["parameters"]:
                if parameter.get("name") == "id":
                    parameter["schema"]["examples"] = [str(numbered(11)), str(numbered(1))]
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Library", "version": "1"},
        "paths": own,
        "components": components,
    }
    file = tmp_path / "openapi.json"
    file.write_bytes(msgspec.json.encode(document))
    # Named, so that asyncio sends what is short at once: otherwise each answer waits for 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(served.app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        try:
            tester = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name("schemathesis")),
                *("run", str(file), "--url", f"http://127.0.0.1:{port}", "--checks", CHECKS),
                *("--max-examples", "4", "--phases", "examples,coverage,fuzzing", "--max-time", seconds),
                *("--suppress-health-check", "all", "--warnings", "off", "--seed", "1", "--no-color"),
                *("--generation-database", "none"),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                cwd=tmp_path,
            )
            output, _ = await tester.communicate()
        finally:
            server.should_exit = True
            await serving
    assert tester.returncode == 0, output.decode()


OWN = ("books", "authors", "shelves", "reviews")
