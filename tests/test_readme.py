"""Both READMEs tell the truth: what they name exists, and what exists to be set is named."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")


@pytest.fixture(params=READMES)
def readme(request):
    return (ROOT / request.param).read_text(encoding="utf-8")


def test_commands_exist(readme):
    named = set(re.findall(r"manage\.py (\w+)", readme))
    assert named >= {"serve", "invite_owner"}
    assert named <= set(get_commands())


def test_options_of_commands_exist(readme):
    for name, arguments in re.findall(r"manage\.py (\w+)([^`\n#]*)", readme):
        known = load_command_class(get_commands()[name], name).create_parser("manage.py", name).format_help()
        assert [option for option in re.findall(r"--[\w-]+", arguments) if option not in known] == []


def test_make_targets_exist(readme):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", readme)) - {"sure"} == targets - {"help"}


def test_every_setting_is_named_and_no_other(readme):
    read = set(re.findall(r'env_\w+\("(\w+)"', (ROOT / "salon" / "settings.py").read_text()))
    assert len(read) > 8
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", readme, re.MULTILINE))
    assert table == read
    assert set(re.findall(r"\b(?:SALON|DATABASE)_[A-Z_]+\b", readme)) == read


def test_links_lead_somewhere(readme):
    links = [link for link in re.findall(r"\]\(([^)]+)\)", readme) if not link.startswith("https://")]
    if not (ROOT / "docs" / "images").exists():
        links = [link for link in links if not link.startswith("docs/images/")]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_folders_and_files_named_exist(readme):
    for name in re.findall(r"`([a-z]+/(?:[a-z]+\.py)?)`", readme):
        assert (ROOT / name).exists(), name


def test_the_chinese_twin_says_the_same():
    one, other = ((ROOT / name).read_text(encoding="utf-8") for name in READMES)
    for pattern in (r"^#+ ", r"^\|", r"^!\[", r"^```\w*$"):
        assert len(re.findall(pattern, one, re.MULTILINE)) == len(re.findall(pattern, other, re.MULTILINE)), pattern
    assert set(re.findall(r"`make [\w-]+`|manage\.py \w+", one)) == set(re.findall(r"`make [\w-]+`|manage\.py \w+", other))
