"""Copy profiles: one file each, and a wrong one is named with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from shared.profiles import load_profile, load_profiles
from shared.settings import ROOT


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a profile's file and says where it is."""

    def profile(text: str | bytes, name: str = "teaser") -> Path:
        path = tmp_path / f"{name}.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return profile


def test_the_profiles_of_the_project_are_valid() -> None:
    profiles = load_profiles(ROOT / "profiles")

    assert "product_page" in profiles
    assert all(name == profile.name for name, profile in profiles.items())


def test_an_empty_file_is_a_profile_named_like_it(write: Callable[..., Path]) -> None:
    profile = load_profile(write(""))

    assert (profile.name, profile.locale, profile.min_words, profile.max_words) == ("teaser", "en", 8, 60)


def test_any_change_of_the_file_changes_the_version(write: Callable[..., Path]) -> None:
    versions = [load_profile(write(text)).version for text in ("max_words = 20", "max_words = 21", "max_words = 20")]

    assert versions[0] == versions[2] != versions[1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("max_words = ", "not TOML: "),
        (b"tone = '\xff'", "not TOML: "),
        ("max_words = 'many'", "max_words: Input should be a valid integer"),
        ("max_wrods = 20", "max_wrods: Extra inputs are not permitted"),
        ("locale = 'English'", "locale: String should match pattern"),
        ("min_words = 0", "min_words: Input should be greater than or equal to 1"),
        ("min_words = 30\nmax_words = 20", "the profile: min_words (30) is larger than max_words (20)"),
        ("ignored_attributes = 'price'", "ignored_attributes: "),
        ("name = 'other'", "name: comes from the file itself; remove this line"),
        ("version = '2'", "version: comes from the file itself; remove this line"),
    ],
)
def test_a_wrong_profile_is_named_with_its_file_and_field(
    write: Callable[..., Path], text: str, complaint: str
) -> None:
    path = write(text)
    with pytest.raises(ConfigurationError) as wrong:
        load_profile(path)

    assert str(wrong.value).startswith(f"{path}: {complaint}")


def test_a_file_name_that_is_no_profile_name_is_refused(write: Callable[..., Path]) -> None:
    path = write("", name="Product Page")
    with pytest.raises(ConfigurationError, match="name: String should match pattern"):
        load_profile(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.toml: cannot be read: No such file"):
        load_profile(tmp_path / "gone.toml")


def test_a_folder_without_a_profile_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no profile; add one, or set SHELFTALK_PROFILES_DIR"):
        load_profiles(tmp_path)


def test_one_broken_profile_stops_all(write: Callable[..., Path]) -> None:
    write("", name="good")
    path = write("max_words = ", name="broken")
    with pytest.raises(ConfigurationError, match=r"broken\.toml"):
        load_profiles(path.parent)
