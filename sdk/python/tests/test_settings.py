from __future__ import annotations

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

from clew_sdk import build
from clew_sdk.settings import Settings, SettingsError, from_environ


def test_the_standard_variables_are_understood():
    """An application that was set up for another backend needs no change."""
    told = from_environ(
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector:4318/",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20x, X-Team = pay",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "250",
            "OTEL_PROPAGATORS": "b3, tracecontext",
            "OTEL_TRACES_SAMPLER": "traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "0.5",
            "CLEW_BAGGAGE_ALLOW": "tenant,app.*",
            "CLEW_KEEP_ERRORS": "yes",
        }
    )
    assert told.traces_url == "https://collector:4318/v1/traces"
    assert told.headers == {"authorization": "Bearer x", "x-team": "pay"}
    assert (told.compress, told.interval_s, told.keep_errors) == (False, 0.25, True)
    assert told.propagators == ("b3", "tracecontext")
    assert told.baggage_allow == ("tenant", "app.*")
    assert from_environ({}) == Settings()
    assert from_environ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x/y"}).traces_url == "http://x/y"


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({"OTEL_BSP_SCHEDULE_DELAY": "soon"}, "OTEL_BSP_SCHEDULE_DELAY.*a number"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "-1"}, "at least 0"),
        ({"CLEW_KEEP_ERRORS": "maybe"}, "true or false"),
        ({"OTEL_TRACES_SAMPLER": "sometimes"}, "write one of always_off"),
        ({"OTEL_TRACES_SAMPLER": "consistent_probability", "OTEL_TRACES_SAMPLER_ARG": "2"}, "between 0 and 1"),
        ({"OTEL_TRACES_SAMPLER": "consistent_rate", "OTEL_TRACES_SAMPLER_ARG": "x"}, "a number"),
        ({"OTEL_PROPAGATORS": "w3c"}, "tracecontext"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_variable_and_what_to_write(environ, wanted):
    """Nothing is guessed: the error says what to change."""

    def built():
        told = from_environ(environ)
        return build.sampler(told, "shop"), build.propagator(told)

    with pytest.raises(SettingsError, match=wanted):
        built()


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("always_on", "AlwaysOnSampler"),
        ("parentbased_traceidratio", "ParentBased{root:TraceIdRatioBased"),
        ("consistent_probability", "ParentBased{root:ConsistentProbability{0.5}"),
        ("consistent_rate", "ParentBased{root:ConsistentRate{0.5}"),
    ],
)
def test_samplers_have_names(name, description):
    """Each name of the variable gives its sampler; ours follow the parent's decision."""
    made = build.sampler(Settings(sampler=name, sampler_argument="0.5"), "shop")
    assert made.get_description().startswith(description)


def test_keeping_errors_and_debugging_stand_around_the_sampler():
    """Debug tokens come before all, then errors, then the sampler itself."""
    told = build.sampler(Settings(keep_errors=True, debug_key="k"), "shop").get_description()
    assert told.startswith("DebugSampler{KeepErrors{ParentBased")
    assert isinstance(build.sampler(Settings(), "shop"), ParentBased)
    assert build.sampler(Settings(sampler="always_on"), "shop") is ALWAYS_ON
