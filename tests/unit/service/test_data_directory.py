from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clew.service.directory import FORMAT, open_directory
from clew.service.errors import (
    ForeignDirectoryError,
    NewerDirectoryError,
    OldDirectoryError,
    UnusableDirectoryError,
)
from clew.store import DirectoryInUseError


def test_a_new_directory_is_marked(tmp_path: Path) -> None:
    """The first start writes the format into it, and the second one reads it."""
    for _ in range(2):
        directory = open_directory(tmp_path / "new" / "data")
        directory.close()
    marker = json.loads((tmp_path / "new" / "data" / "clew.json").read_text())
    assert marker["format"] == FORMAT


def test_only_one_may_use_it(tmp_path: Path) -> None:
    """A second user gets an error that names the process and the way out; after the first has closed it works."""
    first = open_directory(tmp_path)
    with pytest.raises(DirectoryInUseError) as error:
        open_directory(tmp_path)
    assert str(os.getpid()) in str(error.value)
    assert "--data-dir" in error.value.hint
    first.close()
    first.close()
    open_directory(tmp_path).close()


def test_a_directory_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    """A directory with other files is refused, and nothing is written into it."""
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ForeignDirectoryError, match=r"thesis\.tex"):
        open_directory(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_newer_directory_names_both_versions(tmp_path: Path) -> None:
    """A directory of a newer Clew is refused with its format, ours, and what to install."""
    (tmp_path / "clew.json").write_text(json.dumps({"format": FORMAT + 1, "clew": "9.9.9"}))
    with pytest.raises(NewerDirectoryError, match=f"format {FORMAT + 1}") as error:
        open_directory(tmp_path)
    assert "9.9.9" in error.value.hint


def test_a_too_old_directory_says_how_to_go_on(tmp_path: Path) -> None:
    """A directory that is too old is refused with the Clew that wrote it."""
    (tmp_path / "clew.json").write_text(json.dumps({"format": 0, "clew": "0.0.1"}))
    with pytest.raises(OldDirectoryError, match=r"0\.0\.1"):
        open_directory(tmp_path)


def test_a_damaged_marker_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    """A marker that is no JSON is named."""
    (tmp_path / "clew.json").write_text("{")
    with pytest.raises(UnusableDirectoryError, match=r"clew\.json is damaged"):
        open_directory(tmp_path)


def test_a_file_in_its_place_is_an_error(tmp_path: Path) -> None:
    """A path that is a file is refused with the reason."""
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(UnusableDirectoryError, match="File exists"):
        open_directory(path)


def test_a_refused_directory_is_not_kept_locked(tmp_path: Path) -> None:
    """After a refusal the directory can be opened once it is mended."""
    marker = tmp_path / "clew.json"
    marker.write_text("{")
    with pytest.raises(UnusableDirectoryError):
        open_directory(tmp_path)
    marker.unlink()
    open_directory(tmp_path).close()
