"""Make .venv and install one lock into it: `python3 requirements/install.py run` (or dev). Needs nothing but Python.

What the bench compares the product with (`bench`) goes into .venv-bench: no part of the product or its tests.

uv does it in a second or two; where it cannot (it does not read pip.conf, in which shops keep the address of their mirror),
pip does the same more slowly. Either way every file must have the hash that the lock gives.
"""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE.parent / (".venv-bench" if sys.argv[1:] == ["bench"] else ".venv")
PROGRAMS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = PROGRAMS / ("python.exe" if os.name == "nt" else "python")
PIP = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile", "--require-hashes"]
# pip's options that uv must be told too, by the name of uv's environment variable.
PASSED_ON = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}


def succeeds(*command, **more):
    return subprocess.run(list(map(str, command)), **more).returncode == 0


def make_environment():
    """A virtual environment, unless there is one that works. Exits with one line if Python lacks a part."""
    if PYTHON.exists() and succeeds(PYTHON, "-c", "import pip"):
        return
    if not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        minor = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(f"Python {minor} lacks its venv module: install it first (Debian and Ubuntu: apt install python{minor}-venv).")
    import venv

    venv.create(VENV, with_pip=True, clear=VENV.exists() and not VENV.is_symlink())


def pip_settings():
    """pip's configuration as environment variables for uv; what is set already stays."""
    told = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True)
    found = {}
    for line in told.stdout.splitlines():  # e.g. global.index-url='https://…'; later lines come from nearer places
        name, _, value = line.partition("=")
        variable = PASSED_ON.get(name.rpartition(".")[2])
        if variable and variable not in os.environ:
            found[variable] = " ".join(ast.literal_eval(value).split())
    return found | {"UV_INDEX_STRATEGY": "unsafe-best-match"} if found else {}  # like pip; the hashes decide anyway


def install(lock):
    """Install a lock file: with uv, or else with pip. True if one of them managed."""
    has_uv = succeeds(PYTHON, "-m", "uv", "--version", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if has_uv or succeeds(*PIP, "-r", HERE / "uv.txt"):
        command = [PYTHON, "-m", "uv", "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", lock]
        if succeeds(*command, env=os.environ | pip_settings()):
            return True
        print("uv could not install the packages; trying pip.")
    return succeeds(*PIP, "-r", lock)


def main(name):
    if sys.version_info < (3, 11):
        sys.exit("Python 3.11 or newer is needed.")
    print(f"Installing what requirements/{name}.txt locks into {VENV.name} …", flush=True)
    make_environment()
    if not install(HERE / f"{name}.txt"):
        sys.exit("The packages could not be installed; see the lines above.")
    (VENV / f"{name}.stamp").touch()


if __name__ == "__main__":
    main(sys.argv[1])
