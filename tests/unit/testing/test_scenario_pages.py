from __future__ import annotations

from pathlib import Path

import pytest

from clew.query.traceql import parse
from clew.testing.scenario import Page
from clew.testing.scenario.page import GUIDE

NAMES = sorted(path.stem.removeprefix("scenario-") for path in GUIDE.glob("scenario-*.md"))
TESTS = Path(__file__).parents[2] / "integration" / "shop"


def test_there_are_four_scenarios() -> None:
    """Each page of the guide is found by its name."""
    assert NAMES == ["cache-removal", "checkout-latency", "cold-starts", "payment-outage"]


@pytest.mark.parametrize("name", NAMES)
def test_every_question_of_a_page_can_be_asked_and_is(name: str) -> None:
    """Questions in TraceQL are right, and the test of the page asks each by its name."""
    page = Page(name)
    asked = (TESTS / f"test_scenario_{name.replace('-', '_')}.py").read_text()
    for title, text in page.questions.items():
        assert title in page.sql or parse(text)
        assert f'"{title}"' in asked, title
    assert len(page.questions) >= 5


@pytest.mark.parametrize("name", NAMES)
def test_links_of_a_page_lead_somewhere(name: str) -> None:
    """Pictures and pages that a scenario points to are there."""
    page = Page(name)
    for target in page.links:
        assert (page.path.parent / target).exists(), target


@pytest.mark.parametrize("name", NAMES)
def test_pictures_of_a_page_are_small(name: str) -> None:
    """A page loads quickly: its pictures are 1280 pixels wide and below 150 KiB each, and all of them are shown."""
    page = Page(name)
    pictures = sorted(GUIDE.glob(f"scenario-{name}-*.png"))
    assert pictures
    assert {one.name for one in pictures} == {link for link in page.links if link.endswith(".png")}
    for one in pictures:
        data = one.read_bytes()
        assert int.from_bytes(data[16:20]) == 1280, one
        assert len(data) < 150 * 1024, one
