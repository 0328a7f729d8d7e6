"""The house rules a machine can read: floors and rooms, forbidden shortcuts, templates, scripts."""

import ast
import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = Path(settings.BASE_DIR)
FLOORS = ("salon", "customers", "archives", "segmentation")
NOT_ROOMS = {"migrations", "management", "templatetags", "data", "formats"}
MODULES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py") if "migrations" not in path.parts)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static/css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))


def name_of(path):
    return str(path.relative_to(ROOT))


def imports_of(path):
    """Every module a file imports, wherever in the file, as dotted names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            module = ".".join([*package, node.module] if node.module else package)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


IMPORTS = {path: set(imports_of(path)) for path in MODULES}


# --- Floors and rooms -------------------------------------------------------------------------------------------------


def test_the_reader_sees_imports():
    """A control: a test of imports that reads none passes always."""
    assert "customers.card.models" in IMPORTS[ROOT / "archives/visits/models.py"]
    assert any("salon.accounts.backend" in names for names in IMPORTS.values())
    assert len(MODULES) > 60
    assert len(TEMPLATES) > 20


def test_imports_go_down_only():
    wrong = []
    for path, names in IMPORTS.items():
        own = FLOORS.index(path.relative_to(ROOT).parts[0])
        for name in names:
            floor = name.split(".")[0]
            if (floor in FLOORS and FLOORS.index(floor) > own) or floor == "tests":
                wrong.append(f"{name_of(path)} imports {name}")
    assert wrong == []


def room_of(parts, depth):
    """("salon", "shop") for what lies in a room, ("archives", "visits", "desk") with depth 3; None for what lies in none."""
    room = tuple(parts[:depth])
    is_room = len(parts) >= depth and parts[0] in FLOORS and not NOT_ROOMS & set(room)
    return room if is_room and ROOT.joinpath(*room).is_dir() else None


def room_graph(depth):
    """Which other rooms of where it lies a room uses: {room: {room: a file that does}}."""
    graph = {}
    for path, names in IMPORTS.items():
        room = room_of(path.relative_to(ROOT).parts[:-1], depth)
        if room is None or path.name == "urls.py":  # a table of contents may name any room
            continue
        uses = graph.setdefault(room, {})
        for name in names:
            other = room_of(name.split("."), depth)
            if other and other[:-1] == room[:-1] and other != room:
                uses[other] = name_of(path)
    return graph


def circles(graph):
    """The groups of nodes that reach each other, as sorted lists."""
    reach = {}
    for start in graph:
        seen, todo = set(), list(graph[start])
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo += graph.get(node, ())
        reach[start] = seen
    return {tuple(sorted(n for n in reach[node] if node in reach.get(n, ()))) for node in graph if node in reach[node]}


def test_no_circle_between_files():
    """Not even one hidden in a function: every file can be read after those it uses."""
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in MODULES}
    graph = {}
    for path, names in IMPORTS.items():
        own = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        graph[own] = {name for name in names if name in modules and name != own}
    assert circles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == {("a", "b", "c")}, "the control"
    assert circles(graph) == set()


@pytest.mark.parametrize(("depth", "rooms"), [(2, 20), (3, 8)], ids=["of a floor", "inside a room"])
def test_no_circle_between_rooms(depth, rooms):
    graph = room_graph(depth)
    ways = [
        f"{a[-1]} uses {b[-1]} in {graph[a][b]}" for circle in circles(graph) for a in circle for b in circle if b in graph[a]
    ]
    assert ways == []
    assert len(graph) >= rooms


OWNERS = {"openpyxl": "spreadsheets/xlsx", "pypinyin": "text", "opencc": "text", "python_calamine": "spreadsheets/tables"}


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_has_one_home(library):
    users = {name_of(path) for path, names in IMPORTS.items() if any(name.split(".")[0] == library for name in names)}
    assert users <= {f"salon/{OWNERS[library]}.py"}


def test_a_floors_models_are_all_in_its_table_of_contents():
    """A model nobody imports has no table and no migration."""
    for path in MODULES:
        parts = path.relative_to(ROOT).parts
        if path.name == "models.py" and len(parts) > 2:
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            assert any(name.startswith(module) for name in IMPORTS[ROOT / parts[0] / "models.py"]), module


# --- Shortcuts nobody takes -------------------------------------------------------------------------------------------

FORBIDDEN_IN_PYTHON = {
    r"\bcsrf_exempt\b": "every form proves where it comes from",
    r"\bmark_safe\b|\bSafeString\b|\bSafeText\b": "format_html escapes",
    r"fields\s*=\s*[\"']__all__[\"']": "a form names its fields",
    r"\beval\(|\bexec\(|\bpickle\b|yaml\.load\(": "nothing typed is run",
    r"\bmodels\.(?:Decimal|Float)Field\(": "money is fen",
    r"date\.today\(|datetime\.now\(|datetime\.utcnow\(": "the clock is read at the edge: actor.now, timezone.now()",
    r"^\s*print\(": "commands write to self.stdout",
}


@pytest.mark.parametrize("pattern", FORBIDDEN_IN_PYTHON)
def test_no_shortcut_in_python(pattern):
    found = [
        f"{name_of(path)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line) and not line.lstrip().startswith("#")
    ]
    assert found == [], FORBIDDEN_IN_PYTHON[pattern]


def test_no_signal_receiver_but_the_one_after_migrate():
    receivers = [
        f"{name_of(path)} imports {name}"
        for path, names in IMPORTS.items()
        for name in names
        if re.search(r"(^|\.)(signals|dispatch)\.", name) and not name.endswith(".post_migrate")
    ]
    assert receivers == []
    assert [name_of(p) for p, names in IMPORTS.items() if any(n.endswith(".post_migrate") for n in names)] == ["salon/apps.py"]


def test_a_file_is_named_for_what_it_holds():
    vague = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py", "tools.py", "base.py", "core.py"}
    assert [name_of(path) for path in MODULES if path.name in vague] == []


def test_the_clock_is_read_at_the_edge():
    """timezone.now() stands in middleware, commands and nightly jobs; services and queries are told what time it is."""
    edge = re.compile(
        r"^salon/middleware\.py$|/management/commands/|^salon/serving/(boot|server|health)\.py$|^segmentation/runs/recompute\.py$"
    )
    readers = [name_of(path) for path in MODULES if "timezone.now()" in path.read_text(encoding="utf-8")]
    assert [name for name in readers if not edge.search(name)] == []


@pytest.mark.parametrize("kind", ["python", "templates", "scripts", "styles"])
def test_a_file_is_short_enough_to_read(kind):
    files = {"python": MODULES, "templates": TEMPLATES, "scripts": SCRIPTS, "styles": STYLES}[kind]
    lengths = {name_of(path): path.read_text(encoding="utf-8").count("\n") for path in files}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


@pytest.mark.django_db
def test_no_migration_is_missing():
    out = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=out)
    except SystemExit:
        pytest.fail(out.getvalue())


# --- Templates --------------------------------------------------------------------------------------------------------

FORBIDDEN_IN_TEMPLATES = {
    r"<[^>]*\sstyle\s*=": "styles stand in static/css",
    r"<style\b": "styles stand in static/css",
    r"\{#(?![^\n]*#\})": "a comment ends on its line, or it is text of the page",
    r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)": "scripts stand in static/js",
    r"<[^>{]*\son[a-z]+\s*=": "listeners stand in static/js",
    r"\bhx-on\b|\bhx-vals\s*=\s*[\"']js:|javascript:": "the policy forbids code in attributes",
    r"\|\s*safe\b|\|\s*safeseq\b|autoescape\s+off": "what people typed is escaped",
    r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//": "nothing comes from elsewhere",
    r"\{%\s*load\s+(?:i18n|static)\b": "built in: salon/settings.py",
}


@pytest.mark.parametrize("pattern", FORBIDDEN_IN_TEMPLATES)
def test_no_shortcut_in_templates(pattern):
    found = [
        f"{name_of(path)}:{text.count(chr(10), 0, match.start()) + 1}"
        for path in TEMPLATES
        for text in [path.read_text(encoding="utf-8")]
        for match in re.finditer(pattern, text)
    ]
    assert found == [], FORBIDDEN_IN_TEMPLATES[pattern]


def test_every_form_that_posts_carries_its_token():
    found = []
    for path in TEMPLATES:
        for form in re.findall(r"<form\b.*?</form>", path.read_text(encoding="utf-8"), re.DOTALL):
            if re.search(r'method="post"', form.split(">")[0], re.IGNORECASE) and "csrf_token" not in form:
                found.append(name_of(path))
    assert found == []


def test_scripts_use_what_the_policy_allows():
    for path in SCRIPTS:
        source = path.read_text(encoding="utf-8")
        forbidden = r"\beval\(|new Function\(|\.style\.|document\.write|localStorage"
        assert not re.search(forbidden, source), path
