"""Would the tests notice? Changes one thing at a time in a copy of the code and runs only the tests of the room it stands in.

    python -m tests.mutate [--room archives/visits] [--count 60] [--seed 20261126]      (or: make mutate ROOM=archives/visits)

A mutation flips a comparison, or drops an order, one of several conditions, one keyword of a filter, or a decorator. Which ones
are tried is chosen by the seed, so a run can be repeated and its survivors looked at; the rooms get equal parts. Prints each
with what became of it; exits with 1 if more than one in twenty survived. The working tree is not touched.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("salon", "customers", "archives", "segmentation")
FLIPPED = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in", ast.NotIn: "in",
    ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
# Decorators without which the code is another language rather than wrong.
KEPT_DECORATORS = ("property", "dataclass", "classmethod", "staticmethod", "contextmanager", "register", "cached_property")
SECONDS = 420  # the tests of a room; what takes longer counts as noticed
MOST_SURVIVORS = 1 / 20


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
        self.path, self.source, self.mutations = path, source, []
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

    def visit_Compare(self, node):
        left, right, operator = node.left, node.comparators[0], type(node.ops[0])
        if len(node.ops) == 1 and operator in FLIPPED:
            between = self.source[self.after(left) : self.at(right)].decode()
            brackets = between.count("(") - between.count(")")
            if brackets == 0 and "\n" not in between and "#" not in between:
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
        if isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if node.func.attr == "order_by":
                self.add(node, f"without  .order_by in  {self.text(node)[-80:]}", self.after(owner), self.after(node), "")
            elif node.func.attr in ("filter", "exclude") and len(node.keywords) > 1:
                for dropped in node.keywords:
                    kept = [self.text(each) for each in (*node.args, *node.keywords) if each is not dropped]
                    text = f".{node.func.attr}({', '.join(kept)})"
                    self.add(node, f"{node.func.attr} without  {self.text(dropped)}", self.after(owner), self.after(node), text)
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        for decorator in node.decorator_list:
            if not any(word in self.text(decorator) for word in KEPT_DECORATORS):
                begin = self.at(decorator) - 1
                self.add(decorator, f"without  @{self.text(decorator)}", begin, self.after(decorator), "")
        self.generic_visit(node)


def room_of(path):
    """The room a file stands in, as a folder (archives/visits), or the file itself on the ground (salon/money.py)."""
    parts = Path(path).parts
    return "/".join(parts[:2])


def tests_of(room):
    """The tests that are asked about a room: its folder, or the files named after it. None if it has none of its own."""
    folder = ROOT / "tests" / room
    if folder.is_dir():
        return [f"tests/{room}"]
    floor, name = room.split("/") if "/" in room else ("", room)
    found = sorted((ROOT / "tests" / floor).glob(f"test_{name.removesuffix('.py')}*.py"))
    return [path.relative_to(ROOT).as_posix() for path in found] or None


def candidates(room=None):
    """{room: [Mutation]} of the product's code; rooms without tests of their own are left out."""
    found = defaultdict(list)
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name and (room is None or room_of(name) == room) and tests_of(room_of(name)):
                found[room_of(name)] += Finder(name, path.read_bytes()).mutations
    return {name: mutations for name, mutations in found.items() if mutations}


def chosen(by_room, count, seed):
    """`count` mutations by a seed, the rooms in turn."""
    chance = random.Random(seed)
    rooms, picked = {name: chance.sample(found, len(found)) for name, found in sorted(by_room.items())}, []
    while rooms and len(picked) < count:
        for name in chance.sample(sorted(rooms), len(rooms)):
            picked.append(rooms[name].pop())
            if not rooms[name]:
                del rooms[name]
            if len(picked) == count:
                break
    return picked


def is_noticed(copy, mutation):
    """True if the room's tests fail, or do not end, with the mutation in the copy."""
    path = copy / mutation.path
    source = path.read_bytes()
    path.write_bytes(mutation.apply(source))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not browser and not long"]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"TMPDIR": folder, "SALON_DATA_DIR": f"{folder}/data", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command + tests_of(room_of(mutation.path)), cwd=copy, env=environment, capture_output=True, timeout=SECONDS
            )
            return done.returncode != 0
        except subprocess.TimeoutExpired:
            return True
        finally:
            path.write_bytes(source)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--room", help="a room such as archives/visits, or a file of the ground such as salon/money.py")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=20261126)
    options = parser.parse_args()
    mutations, survivors = chosen(candidates(options.room), options.count, options.seed), []
    with tempfile.TemporaryDirectory(prefix="salon-mutants-") as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".git", ".venv*", "var", "__pycache__", ".*_cache", ".hypothesis")
        shutil.copytree(ROOT, copy, ignore=ignored)
        for number, mutation in enumerate(mutations, start=1):
            began = time.monotonic()
            noticed = is_noticed(copy, mutation)
            survivors += [] if noticed else [mutation]
            word = "noticed " if noticed else "SURVIVED"
            print(f"{number:3d} {word} {time.monotonic() - began:5.0f} s  {mutation}", flush=True)  # noqa: T201
    print(f"{len(mutations) - len(survivors)} of {len(mutations)} noticed, seed {options.seed}")  # noqa: T201
    sys.exit(len(survivors) > MOST_SURVIVORS * len(mutations))


if __name__ == "__main__":
    main()
