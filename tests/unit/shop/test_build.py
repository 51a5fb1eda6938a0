from __future__ import annotations

import stat
from pathlib import Path

import pytest

from shop import build
from shop.build import Part


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of the shop with one part, built by copying."""
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    monkeypatch.setattr(build, "BUILT", tmp_path / "build")
    (tmp_path / "kiosk").mkdir()
    (tmp_path / "kiosk" / "kiosk.txt").write_text("open")
    return tmp_path


def copy(sources: Path, built: Path) -> None:
    """Build by copying."""
    (built / "kiosk.txt").write_text((sources / "kiosk.txt").read_text())


def test_what_is_missing_is_named_and_nothing_is_built() -> None:
    """A part whose tools are not installed says what is needed, and is left out."""
    part = Part("kiosk", ("sh", "no-such-tool"), "A kiosk kit", copy)
    assert part.prepare(lambda _: None) == "A kiosk kit is needed (no-such-tool not found)"
    assert not part.built.exists()


def test_a_part_is_built_once_for_each_state_of_its_sources(folder: Path) -> None:
    """A second start says and does nothing; a change of the sources builds anew."""
    said: list[str] = []
    part = Part("kiosk", ("sh",), "", copy)
    assert part.prepare(said.append) == ""
    assert part.prepare(said.append) == ""
    assert said == ["building kiosk"]
    (folder / "kiosk" / "kiosk.txt").write_text("closed")
    assert part.prepare(said.append) == ""
    assert (part.built / "kiosk.txt").read_text() == "closed"
    assert len(said) == 2


def test_packages_are_no_sources(folder: Path) -> None:
    """Installing packages beside the sources is no reason to build."""
    said: list[str] = []
    part = Part("kiosk", ("sh",), "", copy)
    part.prepare(said.append)
    (folder / "kiosk" / "node_modules").mkdir()
    (folder / "kiosk" / "node_modules" / "new.js").write_text("")
    part.prepare(said.append)
    assert len(said) == 1


def test_a_tool_that_fails_leaves_the_part_out_with_what_it_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason holds the tool's message, and the next start tries again."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "go").write_text("#!/bin/sh\necho 'no module can be fetched' >&2\nexit 1\n")
    (tools / "go").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    (folder / "shipping").mkdir()
    said: list[str] = []
    for _ in range(2):
        reason = build.SHIPPING.prepare(said.append)
        assert reason == "shipping could not be built: no module can be fetched"
    assert said == ["building shipping"] * 2
