"""What the API answers with, as the browser and other clients see it; the OpenAPI document is made from these."""

from clew.api.models.fields import FieldKey, FieldValues
from clew.api.models.meta import Envelope, Meta, Problem
from clew.api.models.search import (
    Explained,
    FilterModel,
    Histogram,
    HistogramRequest,
    ParseRequest,
    ParseResult,
    SavedQueryModel,
    SaveRequest,
    SearchPage,
    SearchRequest,
    SearchRow,
)
from clew.api.models.service import Operation, RedSeries, Service
from clew.api.models.status import Status
from clew.api.models.trace import Deleted, Logs, MatchRequest, MatchResult, SpanDetail, TraceSummary, Where

__all__ = [
    "Deleted",
    "Envelope",
    "Explained",
    "FieldKey",
    "FieldValues",
    "FilterModel",
    "Histogram",
    "HistogramRequest",
    "Logs",
    "MatchRequest",
    "MatchResult",
    "Meta",
    "Operation",
    "ParseRequest",
    "ParseResult",
    "Problem",
    "RedSeries",
    "SaveRequest",
    "SavedQueryModel",
    "SearchPage",
    "SearchRequest",
    "SearchRow",
    "Service",
    "SpanDetail",
    "Status",
    "TraceSummary",
    "Where",
]
