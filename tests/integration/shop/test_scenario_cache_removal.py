"""docs/guide/scenario-cache-removal.md, played: what a cache is worth, tried on a tenth of the traffic."""

from __future__ import annotations

import pytest

from clew.testing import RunningClew
from clew.testing.scenario import Desk, Page, play
from clew.testing.shop import RunningShop

pytestmark = pytest.mark.timeout(600)
LOOKS = 400


@pytest.fixture(scope="module")
def windows(clew: RunningClew, shop: RunningShop) -> play.Windows:
    """Play it once."""
    return play.cache_removal(play.Player(clew, shop, at_once=4), LOOKS)


@pytest.fixture(scope="module")
def desk(clew: RunningClew) -> Desk:
    """Ask the questions of the page."""
    return Desk(clew, Page("cache-removal"))


def test_about_a_tenth_goes_without_the_cache(desk: Desk, windows: play.Windows) -> None:
    """Every request is of one variant, and the canary is small."""
    requests = desk.series("requests", windows["canary"])
    assert sum(requests.values()) == LOOKS
    assert 0.03 < requests["no-cache",] / LOOKS < 0.2


def test_the_cache_answers_most_looks(desk: Desk, windows: play.Windows) -> None:
    """Few products and many looks: most are hits, though entries grow old meanwhile."""
    assert desk.value("hit-ratio", windows["canary"]) > 0.6


def test_without_the_cache_the_catalogue_is_slower(desk: Desk, windows: play.Windows) -> None:
    """The median of the catalogue's requests shows it, and both variants have their quantiles where people are, too."""
    catalogue = desk.series("catalogue-time", windows["canary"])
    assert catalogue["no-cache", "0.5"] > 1.2 * catalogue["cache", "0.5"], catalogue
    expected = {(variant, quantile) for variant in ("cache", "no-cache") for quantile in ("0.5", "0.95", "0.99")}
    assert desk.series("gateway-time", windows["canary"]).keys() == catalogue.keys() == expected


def test_without_the_cache_the_database_is_asked_each_time(desk: Desk, windows: play.Windows) -> None:
    """Queries per request are three times as many at least, and SQL counts the same queries."""
    without, with_cache = (desk.value(name, windows["canary"]) for name in ("queries-without", "queries-with"))
    assert without >= 1
    assert without > 3 * with_cache
    requests = desk.series("requests", windows["canary"])
    told = desk.series("queries", windows["canary"])
    queries = {variant: count for variant, _, count, _ in desk.rows("database-time", windows["canary"])}
    assert told["no-cache",] == queries["no-cache"] == round(without * requests["no-cache",])
    assert queries.get("cache", 0) == round(with_cache * requests["cache",])


def test_a_sample_would_hide_the_canary(desk: Desk, windows: play.Windows) -> None:
    """Of one trace in fifty next to none is of the canary or a miss: too few for a percentile."""
    ((canary, canary_kept, misses, misses_kept),) = desk.rows("sampled", windows["canary"])
    assert canary == desk.series("requests", windows["canary"])["no-cache",]
    assert canary_kept < canary / 4
    assert misses_kept <= misses
