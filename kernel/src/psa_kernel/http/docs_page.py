"""The documentation page: the OpenAPI document as one HTML page that needs no network and no script."""

import html
import json
from typing import Any

_METHODS = ("get", "post", "patch", "put", "delete")

STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #888; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
nav { columns: 14rem; } details { border-bottom: 1px solid var(--line); padding: .3rem 0; }
summary { cursor: pointer; } summary code { font-weight: 600; } .quiet { color: var(--quiet); }
.method { display: inline-block; width: 4.5rem; font: 600 .8rem ui-monospace, monospace; }
table { border-collapse: collapse; margin: .5rem 0 1rem; width: 100%; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; border-top: 1px solid var(--line); }
pre { overflow: auto; max-height: 30rem; padding: .8rem; border: 1px solid var(--line); border-radius: 6px; }
a { color: inherit; } :target { outline: 2px solid var(--line); }
"""


def page(document: dict[str, Any]) -> str:
    """Return the page of an OpenAPI document."""
    groups: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                tag = (operation.get("tags") or ["platform"])[0]
                groups.setdefault(tag, []).append(_operation(path, method, operation))
    about = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    links = "".join(f'<li><a href="#{_text(tag)}">{_text(tag)}</a></li>' for tag in sorted(groups))
    sections = "".join(
        f'<h2 id="{_text(tag)}">{_text(tag)}</h2><p>{_text(about.get(tag, ""))}</p>{"".join(groups[tag])}'
        for tag in sorted(groups)
    )
    schemas = "".join(
        f'<details id="schema-{_text(name)}"><summary><code>{_text(name)}</code></summary>{_json(schema)}</details>'
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(document['info']['title'])} API</title>"
        '<link rel="stylesheet" href="docs/style.css"></head><body>'
        f"<h1>{_text(document['info']['title'])} API</h1><p>{_text(document['info']['description'])} "
        '<a href="openapi.json">openapi.json</a></p>'
        f"<nav><ul>{links}</ul></nav>{sections}<h2>Schemas</h2>{schemas}</body></html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    needs = operation.get("x-permission", "")
    parts = [f"<p>{_text(operation.get('description') or operation.get('summary', ''))}</p>"]
    if needs:
        parts.append(f'<p class="quiet">Permission: <code>{_text(needs)}</code></p>')
    if operation.get("parameters"):
        parts.append(_parameters(operation["parameters"]))
    if "requestBody" in operation:
        parts.append("<h4>Body</h4>" + _content(operation["requestBody"].get("content", {})))
    for status, answer in operation.get("responses", {}).items():
        parts.append(f"<h4>{_text(str(status))} {_text(answer.get('description', ''))}</h4>")
        parts.append(_content(answer.get("content", {})))
    return (
        f'<details><summary><span class="method">{method.upper()}</span> <code>{_text(path)}</code> '
        f'<span class="quiet">{_text(operation.get("summary", ""))}</span></summary>{"".join(parts)}</details>'
    )


def _parameters(parameters: list[dict[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td><code>{_text(parameter['name'])}</code></td><td>{_text(parameter['in'])}</td>"
        f"<td>{_text(_kind(parameter.get('schema', {})))}</td><td>{_text(parameter.get('description', ''))}</td></tr>"
        for parameter in parameters
        if "name" in parameter
    )
    return f"<table><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>{rows}</table>"


def _content(content: dict[str, Any]) -> str:
    return "".join(
        f'<p class="quiet">{_text(media_type)}</p>{_json(body["schema"]) if "schema" in body else ""}'
        for media_type, body in content.items()
    )


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("format") or schema.get("type") or ""
    return ", ".join(kind) if isinstance(kind, list) else str(kind)


def _json(value: Any) -> str:
    return f"<pre>{_text(json.dumps(value, indent=1, ensure_ascii=False))}</pre>"


def _text(value: str) -> str:
    return html.escape(value)
