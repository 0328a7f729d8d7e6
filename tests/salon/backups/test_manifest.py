"""What a backup says of itself: believed only if this program could have written it."""

import json

import pytest

from salon.backups import container
from salon.backups.manifest import DATABASES, Manifest, Refused, _safe, check_fits
from tests.salon.backups.making import CONTENT, forged, manifest_of, member_as_json

GOOD = json.loads(manifest_of(CONTENT).to_json())
KNOWN = [("salon", "0001_initial"), ("salon", "0002_more")]


def of(**fields):
    return Manifest.from_json(json.dumps(GOOD | fields).encode(), "x.tar")


def test_it_survives_writing_and_reading():
    assert of() == manifest_of(CONTENT)
    assert set(of().media) == {"portraits/a.webp", "b.webp"}


NAMES = [
    "../x",
    "media/../../x",
    "/etc/x",
    "media//x",
    "media/./x",
    "media/x\0",
    "media/a:b",
    "media\\x",
    "C:/x",
    "other/x",
    "media/",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_elsewhere_is_refused(name):
    with pytest.raises(Refused, match="makes no sense"):
        of(members=GOOD["members"] | {name: member_as_json()})


def test_the_root_of_all_folders_is_no_name():
    with pytest.raises(ValueError):
        _safe("/")


@pytest.mark.parametrize(
    "wrong",
    [
        {"vendor": "oracle"},
        {"vendor": "sqlite"},
        {"rows": {"x; DROP TABLE salon_user": 1}},
        {"rows": {"salon_user": "1; DROP TABLE salon_user"}},
        {"rows": {"salon_user": -1}},
        {"rows": {"salon_user": True}},
        {"members": {}},
        {"members": GOOD["members"] | {"database.dump": {"size": -1, "sha256": "0" * 64}}},
        {"members": GOOD["members"] | {"database.dump": {"size": 1, "sha256": "0"}}},
        {"made_at": "yesterday"},
        {"made_at": "2026-11-21T03:15:00"},
        {"surprise": 1},
        {"format": "one"},
        {"migrations": {"salon": [1]}},
        {"migrations": 3},
    ],
    ids=str,
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(Refused, match="makes no sense"):
        of(**wrong)


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"what": "salon-archive-backup"}'])
def test_what_is_no_manifest_is_refused(text):
    with pytest.raises(Refused):
        Manifest.from_json(text, "x.tar")


def test_of_another_program(tmp_path):
    path = forged(tmp_path / "x.tar", what="another-backup")
    with pytest.raises(Refused, match="is not a backup of Salon Archive"), container.opened(path):
        pass


def test_a_newer_format_is_named():
    with pytest.raises(Refused, match="newer version of the product"):
        of(format=2)


def test_of_several_newer_migrations_the_first_is_named():
    newer = of(migrations={"salon": ["0009_b", "0007_a"], "archives": ["0099_z"]})
    with pytest.raises(Refused, match=r"it has the migration archives\.0099_z"):
        check_fits(newer, "x.tar", vendor="postgresql", known=KNOWN)


def test_what_could_be_is_taken():
    assert of(rows={"salon_user": 0}).rows == {"salon_user": 0}
    assert "media/a b.webp" in of(members=GOOD["members"] | {"media/a b.webp": member_as_json()}).members


def test_newer_migrations_are_named():
    check_fits(of(), "x.tar", vendor="postgresql", known=KNOWN)
    newer = of(migrations={"salon": ["0001_initial", "0003_future"]})
    with pytest.raises(Refused, match=r"it has the migration salon\.0003_future"):
        check_fits(newer, "x.tar", vendor="postgresql", known=KNOWN)


@pytest.mark.parametrize("vendor", DATABASES)
def test_another_kind_of_database_is_named(vendor):
    manifest = manifest_of({}, vendor=vendor)
    other = next(name for name in DATABASES if name != vendor)
    with pytest.raises(Refused, match="set DATABASE_URL accordingly"):
        check_fits(manifest, "x.tar", vendor=other, known=KNOWN)
