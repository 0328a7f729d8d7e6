"""The changes `make mutate` tries are those it says, and are spread over the rooms."""

from tests import mutate

SOURCE = '''
@transaction.atomic
@property
def shown(rows, 名, *, at: int | None = None):
    """Words stay: a < b and not c."""
    ordering = ["pk"]
    found = rows.filter(name=名, at__lt=at).exclude(pk=1).order_by("pk")
    if at is not None and not found:
        return f"{at == 1}"
    return sorted([each for each in found if each.pk], key=str) or ""
'''
CHANGED = {
    "",  # without the first decorator; the other stays
    "ordering = ()",
    'found = rows.filter(at__lt=at).exclude(pk=1).order_by("pk")',
    'found = rows.filter(name=名).exclude(pk=1).order_by("pk")',
    'found = rows.filter(name=名, at__lt=at).order_by("pk")',
    "found = rows.filter(name=名, at__lt=at).exclude(pk=1)",
    "if at is None and not found:",
    "if ((at is not None)):",
    "if ((not found)):",
    "if at is not None and (found):",
    'return list([each for each in found if each.pk]) or ""',
    'return sorted([each for each in found if True], key=str) or ""',
    'return ((""))',
}


def test_each_kind_of_change_is_made_once_and_words_are_left_alone():
    source, lines = SOURCE.encode(), SOURCE.splitlines()
    made = [each.apply(source).decode().splitlines() for each in mutate.Finder("x.py", source).mutations]
    changed = [[new.strip() for new, old in zip(each, lines, strict=True) if new != old] for each in made]
    assert sorted(changed) == [[line] for line in sorted(CHANGED)]


def test_exactly_a_limit_is_never_drawn():
    source = (
        b"def f(x):\n    kind = rng.random()\n    return kind < 0.5 or rng.random() > 0.5\ndef g(kind):\n    return kind < 0.5\n"
    )
    flipped = [each.line for each in mutate.Finder("x.py", source).mutations if "with" in each.what.split("  ")]
    assert flipped == [5]


def test_rooms_get_equal_parts_and_a_seed_gives_the_same_again():
    each = [mutate.Mutation("salon/text.py", line, "", 0, 0, "x = 1\n") for line in range(9)]
    rooms = {"a": each, "b": each[:1], "c": each}
    picked = mutate.chosen(rooms, 7, 1)
    assert len(picked) == 7
    assert picked == mutate.chosen(rooms, 7, 1) != mutate.chosen(rooms, 7, 2)
    assert sum(len(mutations) for mutations in mutate.candidates("salon/text.py").values()) > 20


def test_the_nearest_tests_come_first():
    near, rest = mutate.tests_of("salon/lists.py")
    assert near == ["tests/salon/test_lists.py"]
    assert "tests/salon/test_text.py" in rest
    assert mutate.tests_of("archives/management/commands/check_data.py")[0]  # beside the rooms: those that call it
    part = mutate.tests_of("customers/management/commands/_importing.py")[0]  # of two commands
    assert {"tests/customers/imports/test_import_customers.py", "tests/archives/imports/test_import_visits.py"} <= set(part)
    near, rest = mutate.tests_of("archives/visits/undo/services.py")
    assert "tests/archives/visits/test_undo.py" in near
    assert all(file.startswith("tests/archives/visits/") for file in near + rest)
