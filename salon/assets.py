"""Static files: a few out of PyPI packages that are not Django apps, hashed and compressed, nothing vendored."""

from importlib.util import find_spec

from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

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
