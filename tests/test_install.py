"""requirements/install.py: uv is told what pip's configuration says, and pip takes over where uv fails."""

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parent.parent / "requirements" / "install.py"
MIRROR = "https://mirror.example/simple"


@pytest.fixture
def install():
    spec = importlib.util.spec_from_file_location("install", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(install, monkeypatch, text, **environment):
    """What uv is told when `pip config list` prints `text`."""
    answer = subprocess.CompletedProcess([], 0, stdout=text)
    monkeypatch.setattr(install.subprocess, "run", lambda *args, **kwargs: answer)
    for name in (*install.PASSED_ON.values(), "UV_INDEX_STRATEGY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return install.pip_settings()


def test_a_shops_mirror_is_passed_on_to_uv(install, monkeypatch):
    text = f"global.index-url='{MIRROR}'\nglobal.trusted-host='mirror.example'\nglobal.timeout='60'\n"
    found = told(install, monkeypatch, text)
    assert (found["UV_DEFAULT_INDEX"], found["UV_INSECURE_HOST"]) == (MIRROR, "mirror.example")
    assert not [name for name in found if "TIMEOUT" in name]


def test_the_nearest_configuration_wins_and_several_indexes_are_one_line(install, monkeypatch):
    text = "global.index-url='https://far.example'\n:env:.index-url='https://near.example'\nuser.extra-index-url='a\\nb'\n"
    found = told(install, monkeypatch, text)
    assert (found["UV_DEFAULT_INDEX"], found["UV_INDEX"]) == ("https://near.example", "a b")


def test_what_is_set_for_uv_already_stays(install, monkeypatch):
    found = told(install, monkeypatch, f"global.index-url='{MIRROR}'\n", UV_DEFAULT_INDEX="https://own.example")
    assert "UV_DEFAULT_INDEX" not in found


def test_without_configuration_uv_is_told_nothing(install, monkeypatch):
    assert told(install, monkeypatch, "") == {}


@pytest.mark.parametrize(
    ("works", "used"),
    [({"has uv", "uv"}, ["has uv", "uv"]), ({"get uv", "uv"}, ["has uv", "get uv", "uv"])]
    + [({"get uv", "pip"}, ["has uv", "get uv", "uv", "pip"]), ({"pip"}, ["has uv", "get uv", "pip"])],
)
def test_uv_is_tried_first_and_pip_stands_by(install, monkeypatch, works, used):
    tried = []

    def succeeds(*command, **more):
        words = list(map(str, command))
        step = (
            "has uv" if "--version" in words else "get uv" if words[-1].endswith("uv.txt") else "uv" if "uv" in words else "pip"
        )
        assert step == "has uv" or "--require-hashes" in words
        tried.append(step)
        return step in works

    monkeypatch.setattr(install, "succeeds", succeeds)
    monkeypatch.setattr(install, "pip_settings", dict)
    assert install.install(FILE.with_name("run.txt")) is True
    assert tried == used


def test_a_python_without_its_venv_module_is_told_so_in_one_line(install, monkeypatch, tmp_path):
    monkeypatch.setattr(install, "PYTHON", tmp_path / "none")
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"lacks its venv module: install it first .*apt install python3\.\d+-venv"):
        install.make_environment()
    assert os.listdir(tmp_path) == []
