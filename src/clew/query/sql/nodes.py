"""What may stand in the tree of a query: kinds of nodes, as our parser and as the engine name them."""

from __future__ import annotations

from sqlglot import exp

NODES: frozenset[type[exp.Expr]] = frozenset({
    # clauses
    exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.From, exp.Join, exp.Where, exp.Group,
    exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.LimitOptions, exp.Fetch, exp.Distinct, exp.With,
    exp.CTE, exp.Table, exp.TableAlias, exp.Window, exp.WindowSpec, exp.Qualify, exp.Rollup, exp.Cube,
    exp.GroupingSets, exp.WithFill, exp.Filter,
    # names and values
    exp.Column, exp.Identifier, exp.Alias, exp.Aliases, exp.Star, exp.Dot, exp.Literal, exp.HexString, exp.Boolean,
    exp.Null, exp.Tuple, exp.Paren, exp.Array, exp.Bracket, exp.Interval, exp.Var, exp.Case, exp.If, exp.Lambda,
    exp.Exists, exp.Extract, exp.Slice,
    # calls
    exp.Anonymous, exp.AnonymousAggFunc, exp.CombinedAggFunc, exp.ParameterizedAgg, exp.CombinedParameterizedAgg,
    exp.Cast, exp.CastToStrType, exp.DataType, exp.DataTypeParam,
    # operators
    exp.And, exp.Or, exp.Not, exp.Xor, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.NullSafeEQ,
    exp.NullSafeNEQ, exp.Like, exp.ILike, exp.Between, exp.In, exp.Any, exp.All, exp.Add, exp.Sub, exp.Mul, exp.Div,
    exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe, exp.Escape,
})  # fmt: skip
"""Kinds of nodes that a query may have; every other kind is refused by name."""

CALLS = (
    exp.Anonymous,
    exp.AnonymousAggFunc,
    exp.CombinedAggFunc,
    exp.ParameterizedAgg,
    exp.CombinedParameterizedAgg,
)
"""Calls by name; the name is `this`."""

ADVICE: dict[type[exp.Expr], tuple[str, str]] = {
    exp.Placeholder: ("query parameters such as {p:String}", "write the value itself"),
    exp.Parameter: ("query parameters", "write the value itself"),
    exp.SessionParameter: ("settings", "limits are set in the request and the configuration"),
    exp.PreWhere: ("PREWHERE", "use WHERE; the engine moves conditions by itself"),
    exp.Final: ("FINAL", "leave it out: views show each row as it is"),
    exp.TableSample: ("SAMPLE", "narrow the time range instead"),
    exp.Apply: ("APPLY", "write the function calls out"),
    exp.Values: ("VALUES", "write SELECT 1 AS a UNION ALL SELECT 2"),
    exp.Command: ("this statement", "only SELECT reads"),
    exp.Into: ("INTO", "choose the format of the answer in the request"),
}
"""How to name what is refused most, and what to write instead."""

_ENGINE_NAMES = """
    SelectWithUnionQuery SelectQuery SelectIntersectExceptQuery ExpressionList Subquery WithElement TablesInSelectQuery
    TablesInSelectQueryElement TableExpression TableIdentifier TableJoin ArrayJoin Function Identifier Literal Asterisk
    QualifiedAsterisk ColumnsRegexpMatcher ColumnsListMatcher QualifiedColumnsRegexpMatcher QualifiedColumnsListMatcher
    ColumnsTransformerList ColumnsExceptTransformer ColumnsReplaceTransformer
    ColumnsReplaceTransformer::Replacement OrderByElement WindowDefinition WindowListElement InterpolateElement"""
ENGINE_NODES = frozenset(_ENGINE_NAMES.split())
"""Kinds of nodes that the engine may see; no `Set` (settings), no `ColumnsApplyTransformer`, no `SampleRatio`."""
