"""Writes ui/src/api/types.gen.ts, the TypeScript types of the API, from schemas/openapi.json."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "schemas" / "openapi.json"
TARGET = ROOT / "ui" / "src" / "api" / "types.gen.ts"
PREFIX = "/api/v1"
METHODS = ("get", "post", "put", "patch", "delete")
SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
Schema = dict[str, Any]


def name_of(text: str) -> str:
    """Return a component's name as a TypeScript identifier (`Page[Row]` becomes `PageRow`)."""
    return re.sub(r"\W|_(?=_)|_$", "", text.replace("-", "_"))


def key(text: str) -> str:
    """Return a property name, quoted where it is no identifier."""
    return text if re.fullmatch(r"[A-Za-z_$][\w$]*", text) else json.dumps(text)


def union(parts: list[str]) -> str:
    """Return the parts joined by `|`, each once."""
    return " | ".join(dict.fromkeys(parts)) or "unknown"


def type_of(schema: Schema | bool) -> str:  # noqa: FBT001 - JSON schemas may be true or false
    """Return the TypeScript type of a JSON schema."""
    if isinstance(schema, bool):
        return "unknown"
    for word, write in WRITERS.items():
        if word in schema:
            return write(schema)
    return structure_of(schema)


def structure_of(schema: Schema) -> str:
    """Return the type that the word `type` tells."""
    kind = schema.get("type")
    if isinstance(kind, list):
        return union([type_of({**schema, "type": one}) for one in kind])
    if kind == "array":
        return array_of(schema)
    if kind == "object" or "properties" in schema:
        return object_of(schema)
    return SIMPLE.get(str(kind), "unknown")


WRITERS: dict[str, Callable[[Schema], str]] = {
    "$ref": lambda schema: name_of(schema["$ref"].rsplit("/", 1)[1]),
    "const": lambda schema: json.dumps(schema["const"]),
    "enum": lambda schema: union([json.dumps(value) for value in schema["enum"]]),
    "anyOf": lambda schema: union([type_of(part) for part in schema["anyOf"]]),
    "oneOf": lambda schema: union([type_of(part) for part in schema["oneOf"]]),
    "allOf": lambda schema: " & ".join(f"({type_of(part)})" for part in schema["allOf"]),
}


def array_of(schema: Schema) -> str:
    """Return the type of an array or of a tuple."""
    if "prefixItems" in schema:
        return "[" + ", ".join(type_of(item) for item in schema["prefixItems"]) + "]"
    inner = type_of(schema.get("items", {}))
    return f"({inner})[]" if " " in inner else f"{inner}[]"


def object_of(schema: Schema, indent: str = "") -> str:
    """Return the type of an object; what has a default is always present in answers, so it is not optional."""
    properties: dict[str, Schema] = schema.get("properties", {})
    extra = schema.get("additionalProperties")
    if not properties:
        return f"Record<string, {type_of(extra) if extra else 'unknown'}>"
    needed = set(schema.get("required", ()))
    lines = []
    for name, part in properties.items():
        mark = "" if name in needed else "?"
        lines.append(f"{indent}  {key(name)}{mark}: {type_of(part)};")
    return "{\n" + "\n".join(lines) + f"\n{indent}}}"


def one_line(text: str) -> str:
    """Return the type without line breaks, for places inside another line."""
    return re.sub(r"\s*\n\s*", " ", text)


def parameters_of(parts: list[Schema], place: str) -> str | None:
    """Return the member of an operation that holds its path or query parameters."""
    chosen = [part for part in parts if part.get("in") == place]
    if not chosen:
        return None
    fields = [f"{key(p['name'])}{'' if p.get('required') else '?'}: {one_line(type_of(p['schema']))}" for p in chosen]
    optional = "" if any(part.get("required") for part in chosen) else "?"
    return f"{place}{optional}: {{ {'; '.join(fields)} }}"


def json_of(content: dict[str, Schema]) -> str | None:
    """Return the type of a body's JSON form, if it has one."""
    media = content.get("application/json")
    return one_line(type_of(media.get("schema", {}))) if media else None


def operation_of(operation: Schema, shared: list[Schema]) -> str:
    """Return the members of one operation."""
    parts = [*shared, *operation.get("parameters", [])]
    members = [m for m in (parameters_of(parts, "path"), parameters_of(parts, "query")) if m]
    if "requestBody" in operation:
        body = json_of(operation["requestBody"].get("content", {})) or "unknown"
        members.append(f"body{'' if operation['requestBody'].get('required') else '?'}: {body}")
    answers: dict[str, Schema] = operation.get("responses", {})
    success: Schema = next((answers[code] for code in sorted(answers) if code.startswith("2")), {})
    members.append(f"response: {json_of(success.get('content', {})) or 'void'}")
    return "{ " + "; ".join(members) + " }"


def render(document: Schema) -> str:
    """Return the whole module."""
    lines = ["/** Generated from schemas/openapi.json by tools/gen_ui_api.py; do not edit. */", ""]
    for name, schema in sorted(document.get("components", {}).get("schemas", {}).items()):
        if "properties" in schema:
            lines += [f"export interface {name_of(name)} {object_of(schema)}", ""]
        else:
            lines += [f"export type {name_of(name)} = {one_line(type_of(schema))};", ""]
    lines.append("export interface Operations {")
    for path, item in sorted(document["paths"].items()):
        if not path.startswith(PREFIX):
            continue
        for method in METHODS:
            if method in item:
                members = operation_of(item[method], item.get("parameters", []))
                lines.append(f'  "{method.upper()} {path.removeprefix(PREFIX)}": {members};')
    lines.append("}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(json.loads(SOURCE.read_text())))
