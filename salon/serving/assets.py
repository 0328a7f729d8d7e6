"""Static files: a few out of PyPI packages that are not Django apps, hashed and compressed, nothing vendored."""

import hashlib
import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.finders import BaseFinder, get_finders
from django.contrib.staticfiles.management.commands import collectstatic
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import FileSystemStorage, storages
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

from salon.database import locks

STAMP = ".sources"  # beside the collected files: which sources they were made of
LOCK, DRAFT = "static", ".static-"
WAIT_SECONDS = 120
PACKAGE_FILES = {"bootstrap": ("css/bootstrap.min.css", "js/bootstrap.bundle.min.js")}


class PackageFilesFinder(BaseFinder):
    """Finds the files named in PACKAGE_FILES, each under its package's name."""

    def __init__(self, *args, **kwargs):
        self.storages = {}
        for package in PACKAGE_FILES:
            folder = next(iter(find_spec(package).submodule_search_locations))
            self.storages[package] = FileSystemStorage(location=folder)
            self.storages[package].prefix = package

    def check(self, **kwargs):
        return []

    def find(self, path, find_all=False, **kwargs):
        package, _, rest = path.partition("/")
        hit = [self.storages[package].path(rest)] if rest in PACKAGE_FILES.get(package, ()) else []
        return hit if find_all or not hit else hit[0]

    def list(self, ignore_patterns):
        for package, files in PACKAGE_FILES.items():
            for file in files:
                yield file, self.storages[package]


class HashedStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage without rewriting source-map comments, so that no .map file need be collected."""

    patterns = tuple(
        (extension, tuple(p for p in patterns if "sourceMappingURL" not in (p if isinstance(p, str) else p[0])))
        for extension, patterns in CompressedManifestStaticFilesStorage.patterns
    )


class Assets(StaticFilesConfig):
    """Leaves out what no page asks for: source maps, and every htmx build but the one in use."""

    ignore_patterns = ["CVS", ".*", "*~", "*.map", "htmx-2.js", "htmx-4*.js", "htmax*", "ext", "debug.js"]


def source_stamp():
    """A digest of every static source file (name, size, time of change) and of the packages that process them."""
    digest = hashlib.sha256("|".join(version(package) for package in ("django", "whitenoise", "brotli")).encode())
    for finder in get_finders():
        for path, storage in finder.list(Assets.ignore_patterns):
            digest.update(repr((path, storage.size(path), storage.get_modified_time(path).timestamp())).encode())
    return digest.hexdigest()


def needs_collect():
    """True if a static source has changed since `collect`. Never in debugging, where WhiteNoise reads the sources."""
    stamp = settings.STATIC_ROOT / STAMP
    return not settings.DEBUG and not (stamp.exists() and stamp.read_text() == source_stamp())


def collect():
    """Hash and compress the static files into STATIC_ROOT: beside it first, so that it is the old one or the new one, whole.

    Another process that does the same is waited for, and its work used.
    """
    with locks.held_in_turn(LOCK, seconds=WAIT_SECONDS, waiting=lambda: None, hold=locks.of_file) as is_held:
        if is_held and needs_collect():
            _collect_beside()
    if hasattr(staticfiles_storage, "load_manifest"):  # it may have been read before
        staticfiles_storage.hashed_files, staticfiles_storage.manifest_hash = staticfiles_storage.load_manifest()


def _collect_beside():
    for left in settings.STATIC_ROOT.parent.glob(f"{DRAFT}*"):  # of somebody who was killed
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=settings.STATIC_ROOT.parent))
    try:
        stamp, command = source_stamp(), collectstatic.Command()
        command.storage = storages.create_storage(settings.STORAGES["staticfiles"] | {"OPTIONS": {"location": draft / "new"}})
        call_command(command, interactive=False, verbosity=0)
        (draft / "new" / STAMP).write_text(stamp)
        if settings.STATIC_ROOT.exists():
            settings.STATIC_ROOT.rename(draft / "old")
        (draft / "new").rename(settings.STATIC_ROOT)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
