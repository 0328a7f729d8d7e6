"""Would the tests notice? Changes one thing at a time in a copy of the code and runs only the tests of the room it stands in.

    python -m tests.mutate [--room archives/visits] [--count 60] [--seed 20261126]      (or: make mutate ROOM=archives/visits)

A mutation flips a comparison or a `not`, or drops an order, a condition, an argument of a filter, or a decorator. Which ones are
tried is chosen by the seed, so a run can be repeated and its survivors looked at; the rooms get equal parts, and so does what
stands on each floor beside the rooms (ROOM=salon). The tests nearest to the changed file run first, on SQLite, without those of
the browser and the long ones, until one fails; the file it stands in must pass without the change. Prints each mutation with what
became of it; exits with 1 if more than one in twenty survived, with 2 if tests fail of themselves. Works in a copy.
"""

import argparse
import ast
import compileall
import functools
import os
import py_compile
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests import live, reference

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("salon", "customers", "archives", "segmentation")
FLIPPED = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in", ast.NotIn: "in",
    ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
# Decorators without which the code is another language rather than wrong; and those that say a page's methods once more: what
# the access table does not allow never comes as far (salon/middleware.py), so no test can tell whether they are there.
KEPT_DECORATORS = (
    "property", "dataclass", "classmethod", "staticmethod", "contextmanager", "register", "cached_property",
    "require_", "FORM", "form_page",
)  # fmt: skip
SECONDS = 420  # the tests of a room; what takes longer counts as noticed, if they end in that time without the change
MOST_SURVIVORS = 1 / 20
PASSED, NO_TESTS = 0, 5  # how pytest ends


@dataclass(frozen=True)
class Mutation:
    """One change of one file: the bytes from `begin` to `end` become `text`."""

    path: str
    line: int
    what: str
    begin: int
    end: int
    text: str

    def apply(self, source):
        return source[: self.begin] + self.text.encode() + source[self.end :]

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}"


class Finder(ast.NodeVisitor):
    """Collects the `mutations` of one file."""

    def __init__(self, path, source):
        self.path, self.source, self.mutations, self.drawn = path, source, [], set()
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.visit(ast.parse(source))

    def at(self, node):
        return self.starts[node.lineno - 1] + node.col_offset

    def after(self, node):
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node):
        return self.source[self.at(node) : self.after(node)].decode()

    def add(self, node, what, begin, end, text):
        self.mutations.append(Mutation(self.path, node.lineno, what, begin, end, text))

    def visit_JoinedStr(self, node):
        """Nothing inside an f-string: Python 3.11 does not say where in the file its parts stand."""

    def visit_UnaryOp(self, node):
        if isinstance(node.op, ast.Not):
            self.add(
                node, f"without the not of  {self.text(node)}", self.at(node), self.after(node), f"({self.text(node.operand)})"
            )
        self.generic_visit(node)

    def visit_comprehension(self, node):
        for condition in node.ifs:
            self.add(condition, f"always  if {self.text(condition)}", self.at(condition), self.after(condition), "True")
        self.generic_visit(node)

    def visit_Assign(self, node):
        names = [self.text(target) for target in node.targets]
        if self.text(node.value).endswith(".random()"):
            self.drawn.update(names)
        if names == ["ordering"]:
            self.add(node, f"without  {self.text(node)}", self.at(node.value), self.after(node.value), "()")
        self.generic_visit(node)

    def visit_Compare(self, node):
        left, right, operator = node.left, node.comparators[0], type(node.ops[0])
        if len(node.ops) == 1 and operator in FLIPPED:
            between = self.source[self.after(left) : self.at(right)].decode()
            brackets = between.count("(") - between.count(")")
            # Exactly the limit is never drawn by chance.
            is_drawn = ".random()" in self.text(left) or self.text(left) in self.drawn
            if brackets == 0 and "\n" not in between and "#" not in between and not is_drawn:
                changed = f"{' ' if between.startswith(' ') else ''}{FLIPPED[operator]} "
                self.add(node, f"{self.text(node)}  with  {FLIPPED[operator]}", self.after(left), self.at(right), changed)
        self.generic_visit(node)

    def visit_BoolOp(self, node):
        for dropped in node.values:
            if isinstance(dropped, ast.Constant):
                continue  # a default: `name or ""`
            kept = [f"({self.text(value)})" for value in node.values if value is not dropped]
            word = " and " if isinstance(node.op, ast.And) else " or "
            self.add(
                dropped, f"without the condition  {self.text(dropped)}", self.at(node), self.after(node), f"({word.join(kept)})"
            )
        self.generic_visit(node)

    def visit_Call(self, node):
        if isinstance(node.func, ast.Name) and node.func.id == "sorted":
            self.add(node, f"not sorted:  {self.text(node)}", self.at(node), self.after(node), f"list({self.text(node.args[0])})")
        if isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if node.func.attr == "order_by":
                self.add(node, f"without  .order_by in  {self.text(node)[-80:]}", self.after(owner), self.after(node), "")
            elif node.func.attr in ("filter", "exclude") and self.text(owner) != "register":
                self.drop_each(node, owner, [*node.args, *node.keywords])
        self.generic_visit(node)

    def drop_each(self, node, owner, arguments):
        for dropped in arguments:
            kept = [self.text(each) for each in arguments if each is not dropped]
            text = f".{node.func.attr}({', '.join(kept)})" if kept else ""
            self.add(dropped, f"{node.func.attr} without  {self.text(dropped)}", self.after(owner), self.after(node), text)

    def visit_FunctionDef(self, node):
        self.drawn = set()
        for decorator in node.decorator_list:
            if not any(word in self.text(decorator) for word in KEPT_DECORATORS):
                begin = self.at(decorator) - 1
                self.add(decorator, f"without  @{self.text(decorator)}", begin, self.after(decorator), "")
        self.generic_visit(node)


def room_of(path):
    """The room a file stands in, as a folder (archives/visits), or its floor (salon) for what stands beside the rooms."""
    floor, *rest = Path(path).parts
    return floor if len(rest) == 1 or rest[0] in ("management", "templatetags") else f"{floor}/{rest[0]}"


@functools.cache
def test_files():
    """{path: text} of the tests that run in a process of their own and on SQLite: not those of the browser, not the long ones."""
    paths = sorted((ROOT / "tests").rglob("test_*.py"))
    named = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    return {name: text for name, text in named.items() if not name.startswith(("tests/browser/", "tests/long/"))}


def naming(path):
    """The test files that import a file of the code, or call the command it is or belongs to."""
    package, stem = ".".join(Path(path).parts[:-1]), Path(path).stem
    name = rf"\b{re.escape(package)}\.{stem}\b|from {re.escape(package)} import [^\n]*\b{stem}\b"
    command = rf"|[\"']{stem}[\"']" if "/commands/" in path else ""
    found = {file for file, text in test_files().items() if re.search(name + command, text)}
    if "/commands/_" in path:  # a part of commands: who calls these calls it
        commands = [each for each in ROOT.glob("*/management/commands/[a-z]*.py") if f"{stem} import" in each.read_text("utf-8")]
        found = found.union(*(naming(each.relative_to(ROOT).as_posix()) for each in commands))
    return found


@functools.cache
def tests_of(path):
    """The test files that are asked about a file of the code, in two parts: those called after it or naming it, and the others.

    They are the tests of its room. What stands beside the rooms, or has no folder of tests, is asked of the floor's tests that
    stand beside the rooms and of all that name it; what has none of these, of the whole floor.
    """
    room, floor, stem, named = room_of(path), Path(path).parts[0], Path(path).stem, naming(path)
    asked = {file for file in test_files() if str(Path(file).parent) == f"tests/{room}"}
    if not asked or room == floor:
        called_after = {file for file in test_files() if Path(file).stem == f"test_{Path(room).name}"}
        asked |= named | called_after or {file for file in test_files() if file.startswith(f"tests/{floor}/")}
    near = {file for file in asked if Path(file).stem.startswith(f"test_{stem}")} or named & asked
    return sorted(near), sorted(asked - near)


def is_sound(mutation):
    """False for a change that is none, or that is no Python any more."""
    source = (ROOT / mutation.path).read_bytes()
    try:
        return ast.dump(ast.parse(mutation.apply(source))) != ast.dump(ast.parse(source))
    except SyntaxError:
        return False


def candidates(room=None):
    """{room: [Mutation]} of the product's code; of one room, or of one file, if it is named."""
    found = defaultdict(list)
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name and room in (None, room_of(name), name):
                found[room_of(name)] += Finder(name, path.read_bytes()).mutations
    return {name: mutations for name, mutations in found.items() if mutations}


def chosen(by_room, count, seed):
    """`count` mutations by a seed, the rooms in turn."""
    chance = random.Random(seed)
    rooms, picked = {name: chance.sample(found, len(found)) for name, found in sorted(by_room.items())}, []
    while rooms and len(picked) < count:
        for name in chance.sample(sorted(rooms), len(rooms)):
            while rooms[name] and not is_sound(rooms[name][-1]):
                rooms[name].pop()
            if rooms[name]:
                picked.append(rooms[name].pop())
            else:
                del rooms[name]
            if len(picked) == count:
                break
    return picked


class Copy:
    """A copy of the project in a folder, in which one file at a time is changed."""

    def __init__(self, folder):
        self.folder, self.passing, self.failing = folder, set(), set()
        ignored = shutil.ignore_patterns(".git", ".venv*", "var", "__pycache__", ".*_cache", ".hypothesis")
        shutil.copytree(ROOT, folder, ignore=ignored)
        # What is compiled is known by its content: a change within the same second, of the same length, is seen.
        compileall.compile_dir(folder, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)

    def run(self, files, mutation=None):
        """The fault of the tests in these files, with or without a change: the first that fails, "no end", or None."""
        path = mutation and self.folder / mutation.path
        source = path and path.read_bytes()
        if mutation:
            path.write_bytes(mutation.apply(source))
        try:
            return self._run(files)
        finally:
            if mutation:
                path.write_bytes(source)

    def _run(self, files):
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not browser and not long"]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            environment = live.clean_environment(
                TMPDIR=folder, SALON_DATA_DIR=f"{folder}/data", SALON_REFERENCE_DATA=reference.FOLDER, CI=""
            )
            process = subprocess.Popen(
                [*command, *files], cwd=self.folder, env=environment, text=True, errors="replace",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            try:
                said, _ = process.communicate(timeout=SECONDS)
                fault = None if process.returncode in (PASSED, NO_TESTS) else self.fault(said)
            except subprocess.TimeoutExpired:
                fault = "no end"
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # itself, and the servers it has left
                process.wait()
        return fault

    @staticmethod
    def fault(said):
        found = re.search(r"^(?:FAILED|ERROR) (tests/.*?)(?: - .*)?$", said, re.MULTILINE)
        return found[1] if found else f"no test begins: {said.strip().splitlines()[-1] if said.strip() else ''}"

    def noticed_by(self, mutation):
        """The fault of the tests asked about a mutation, or None.

        A test notices if its file fails twice with the change and passes without: some fail now and then on a busy machine. A
        file that fails of itself is noted in `failing` and asked no more.
        """
        for files in tests_of(mutation.path):
            files = [file for file in files if file not in self.failing]
            while files and (fault := self.run(files, mutation)):
                own = fault.split("::")[0]
                at = [own] if own in files else files
                if self.all_pass(at) and self.run(at, mutation):
                    return fault
                files = [file for file in files if file not in at]
        return None

    def all_pass(self, files):
        if not self.passing.issuperset(files):
            if fault := self.run(files):
                print(f"    fails without any change: {fault}", flush=True)  # noqa: T201
                self.failing.update(files)
                return False
            self.passing.update(files)
        return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--room", help="a room such as archives/visits, a floor such as salon for what stands beside its rooms, or a file"
    )
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=20261126)
    options = parser.parse_args()
    mutations, survivors = chosen(candidates(options.room), options.count, options.seed), []
    with tempfile.TemporaryDirectory(prefix="salon-mutants-") as folder:
        copy = Copy(Path(folder) / "copy")
        for number, mutation in enumerate(mutations, start=1):
            began = time.monotonic()
            fault = copy.noticed_by(mutation)
            survivors += [] if fault else [mutation]
            word = "noticed " if fault else "SURVIVED"
            print(f"{number:3d} {word} {time.monotonic() - began:5.0f} s  {mutation}\n{'':22}{fault or ''}".rstrip(), flush=True)  # noqa: T201
    print(f"{len(mutations) - len(survivors)} of {len(mutations)} noticed, seed {options.seed}")  # noqa: T201
    sys.exit(2 if copy.failing else len(survivors) > MOST_SURVIVORS * len(mutations))


if __name__ == "__main__":
    main()
