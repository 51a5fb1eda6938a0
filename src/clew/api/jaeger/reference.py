"""What the operators of structured filters compare: references to values of a span, and constants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from clew.api.jaeger.builtin import FIELDS, LEVELS, Builtin, Domain
from clew.api.jaeger.constant import Constant, known_type, quoted, typed
from clew.api.jaeger.errors import BadFilterError
from clew.api.pb import jaeger_expression_pb2 as pb
from clew.query.plan.spanwise import NEAR
from clew.query.traceql.ast import Attribute, FieldExpr, Level

_SAID = {"attr": "an attribute", "field": "a field", "nested": "a collection", "scalar": "a constant"}
_SAID |= {"list": "a list", "call": "a predicate"}


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference: an attribute of a level, or of the span or its resource, or a built-in field."""

    at: str
    said: str
    levels: tuple[Level, ...]
    key: str = ""
    field: Builtin | None = None

    @property
    def domain(self) -> Domain | None:
        """What kind of value it holds, `None` for an attribute, which may hold any."""
        return self.field.domain if self.field else None

    def each(self) -> Iterable[tuple[Level, FieldExpr]]:
        """Return the values that it stands for."""
        if self.field:
            return [(self.field.level, self.field.value)]
        return [(level, Attribute(level, self.key)) for level in self.levels]


Operand = Reference | Constant


def refuse(arg: pb.Expression, at: str, op: str, wanted: str) -> NoReturn:
    """Refuse an argument that is not what an operator takes."""
    term = arg.WhichOneof("term")
    got = _SAID[term] if term else "nothing: one of attr, field, nested, scalar, list and call must be set"
    raise BadFilterError(at, f"{op} takes {wanted}, not {got}")


def operand(arg: pb.Expression, at: str, op: str) -> Operand:
    """Return what is compared.

    Raises:
        BadFilterError: it is neither a reference nor a constant of its type.
    """
    term = arg.WhichOneof("term")
    if term in {"attr", "field"}:
        return reference(arg, at, op)
    if term != "scalar":
        refuse(arg, at, op, "references and constants")
    constant = Constant(f"{at}.scalar", arg.scalar.value, known_type(arg.scalar.type, f"{at}.scalar"))
    if constant.type:
        typed(constant.text, constant.type, constant.at)
    return constant


def reference(arg: pb.Expression, at: str, op: str) -> Reference:
    """Return what an argument refers to.

    Raises:
        BadFilterError: it refers to nothing that there is.
    """
    term = arg.WhichOneof("term")
    if term == "attr":
        key, level = arg.attr.key, arg.attr.level
        if not key:
            raise BadFilterError(f"{at}.attr.key", "an attribute has a key")
        levels = (level_of(level, f"{at}.attr"),) if level else NEAR
        return Reference(at, f"attribute {quoted(key)}", levels, key)
    if term != "field":
        refuse(arg, at, op, "a reference")
    name, level = arg.field.name, arg.field.level
    level_of(level, f"{at}.field")
    field = FIELDS.get((level, name))
    if field is None:
        names = ", ".join(one for of, one in FIELDS if of == level)
        raise BadFilterError(f"{at}.field.name", f"{level} has no field {quoted(name)}; its fields are {names}")
    return Reference(at, f"{level}.{name}", (field.level,), field=field)


def level_of(name: str, at: str) -> Level:
    """Return a level by its name."""
    if name not in LEVELS:
        said = f"unknown level {quoted(name)}" if name else "a field has a level"
        raise BadFilterError(f"{at}.level", f"{said}; levels are {', '.join(LEVELS)}")
    return LEVELS[name]
