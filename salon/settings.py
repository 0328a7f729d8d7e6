"""Settings of every installation: defaults for a shop's own PC, the rest by environment (README lists the variables)."""

import os
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from salon.storage.secret import read_or_make_secret

BASE_DIR = Path(__file__).resolve().parent.parent


def env_str(name, default=""):
    """The text of an environment variable; empty counts as unset."""
    return os.environ.get(name, "").strip() or default


def env_bool(name, default=False):
    """True for 1/true/yes/on, False for 0/false/no/off. Raises ImproperlyConfigured for anything else."""
    value = env_str(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}")


def env_int(name, default):
    """A whole number, 0 or more. Raises ImproperlyConfigured for anything else."""
    value = env_str(name, str(default))
    if not (value.isascii() and value.isdigit()):
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}")
    return int(value)


def env_list(name, default=()):
    """A comma-separated environment variable as a list without blanks."""
    return [part.strip() for part in env_str(name).split(",") if part.strip()] or list(default)


DATA_DIR = Path(env_str("SALON_DATA_DIR", str(BASE_DIR / "var"))).resolve()
try:
    DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
except OSError as error:
    raise ImproperlyConfigured(f"the data directory {DATA_DIR} cannot be made: {error.strerror}") from None

DEBUG = env_bool("SALON_DEBUG")
SECRET_KEY = env_str("SALON_SECRET_KEY") or read_or_make_secret(DATA_DIR / "secret-key")
if len(SECRET_KEY) < 40:
    raise ImproperlyConfigured("SALON_SECRET_KEY must have at least 40 characters")

# Where people reach the product: links, QR codes, and whether cookies may insist on TLS.
HAS_PUBLIC_URL = bool(env_str("SALON_PUBLIC_URL"))  # without one, links carry what the server listens on (salon/address.py)
PUBLIC_URL = env_str("SALON_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
PLAIN_HTTP = env_bool("SALON_PLAIN_HTTP")
BEHIND_TLS = PUBLIC_URL.startswith("https://")
TRUSTED_PROXY = env_str("SALON_TRUSTED_PROXY", "127.0.0.1")  # whose X-Forwarded-For and -Proto `serve` believes behind TLS
ALLOWED_HOSTS = env_list("SALON_ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]", urlsplit(PUBLIC_URL).hostname])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "salon",
    "customers",
    "archives",
    "segmentation",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "salon.serving.assets.Assets",
    "django.forms",
    "django_filters",
    "django_htmx",
    "crispy_forms",
    "crispy_bootstrap5",
    "lucide",
    "simple_history",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "salon.middleware.hardened_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "salon.middleware.person",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "salon.middleware.friendly_errors",
    "django.middleware.csrf.CsrfViewMiddleware",
    "salon.middleware.LogInFirst",
    "salon.middleware.AccessTable",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "salon.drafts.StoredForms",
]

ROOT_URLCONF = "salon.urls"
WSGI_APPLICATION = "salon.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "salon.navigation.page_frame",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "salon.templatetags.icons",
                "salon.templatetags.salon",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"

# --- Database --------------------------------------------------------------------------------------------------------

SQLITE_OPTIONS = {
    # A write transaction takes the lock when it begins, so it never fails half way with "database is locked".
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # FULL: what was acknowledged survives a power cut. recursive_triggers: REPLACE must fire the append-only guards too.
    # cache_size: 32 MB for each connection, so that the indexes of a day's searches and cards stay in it.
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA recursive_triggers=ON; PRAGMA secure_delete=ON; PRAGMA journal_size_limit=67108864; "
        "PRAGMA cache_size=-32768;"
    ),
}
POSTGRESQL_OPTIONS = {
    "options": "-c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000",
    # A server that has vanished from the network is noticed, instead of being waited for until the system gives up.
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def database(url):
    """One Django database entry from a URL, with the options the product's promises rest on."""
    try:
        entry = dj_database_url.parse(url)
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL is not understood: {error}") from None
    if entry["ENGINE"] == "django.db.backends.sqlite3":
        entry["OPTIONS"] = SQLITE_OPTIONS
        entry["CONN_MAX_AGE"] = None  # each thread of `serve` keeps its connection: opening one costs more than most queries
    elif entry["ENGINE"] == "django.db.backends.postgresql":
        entry["OPTIONS"] = {**POSTGRESQL_OPTIONS, **entry.get("OPTIONS", {})}
        entry["CONN_MAX_AGE"] = 60
        entry["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured("DATABASE_URL must name sqlite or postgres")
    return entry


DATABASES = {"default": database(env_str("DATABASE_URL", f"sqlite:///{DATA_DIR / 'salon.sqlite3'}"))}
if replica_url := env_str("DATABASE_REPLICA_URL", ""):
    DATABASES["replica"] = database(replica_url)
    DATABASE_ROUTERS = ["salon.database.replica.Router"]
    if DATABASES["replica"]["ENGINE"] != DATABASES["default"]["ENGINE"]:
        raise ImproperlyConfigured("DATABASE_REPLICA_URL must name a database of the same kind as DATABASE_URL")
REPLICA_LAG_SECONDS = env_int("SALON_REPLICA_LAG_SECONDS", 300)  # a copy further behind is not read
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People ----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "salon.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "salon.accounts.backend.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "salon.accounts.passwords.VariedPasswordValidator"},
]
PASSWORD_HASHERS = ["salon.accounts.hashers.Argon2", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

BACKUP_PASSPHRASE = env_str("SALON_BACKUP_PASSPHRASE")  # locks backups; whoever loses it has none
GUESTS_AN_HOUR = env_int("SALON_GUESTS_AN_HOUR", 30)  # customers of other branches a person may find by whole phone numbers
REVEALS_A_DAY = env_int("SALON_REVEALS_A_DAY", 60)  # whole phone numbers, addresses … one person may look at on a business day
FINDS_AN_HOUR = env_int("SALON_FINDS_AN_HOUR", 30)  # customers one person may find by typing a whole phone number
FIND_MISSES_AN_HOUR = env_int("SALON_FIND_MISSES_AN_HOUR", 120)  # whole numbers typed that are nobody's

# A shop is one address: who is counted with whom, and how long a wait is, says salon/accounts/lockout.py.
AXES_HANDLER = "salon.accounts.lockout.Handler"
AXES_FAILURE_LIMIT = 5  # from the fifth wrong password in a row on there is a wait
AXES_COOLOFF_TIME = 24  # hours after the last wrong one until they are forgotten
AXES_LOCKOUT_PARAMETERS = "salon.accounts.lockout.counted_by"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "salon.accounts.views.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_CLIENT_STR_CALLABLE = "salon.accounts.backend.log_in_source"
OTP_TOTP_ISSUER = "Salon Archive"
OTP_TOTP_THROTTLE_FACTOR = 0  # five wrong codes lock both kinds instead: salon/accounts/second_factor.py

# --- Sessions, cookies, headers --------------------------------------------------------------------------------------

SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS = 10 * 3600  # a working day, however busy the session is
SESSION_IDLE_SECONDS = 30 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_ENGINE = "salon.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "salon.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_NAME = "__Host-sid" if BEHIND_TLS else "sid"
CSRF_COOKIE_NAME = "__Host-csrf" if BEHIND_TLS else "csrf"
LANGUAGE_COOKIE_NAME = "language"
SECURE_SSL_REDIRECT = False  # the proxy that ends TLS redirects; healthz must answer it over plain HTTP
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY = {name: [] for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],  # Bootstrap's own icons are data URIs
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "manifest-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
MEDIA_ROOT = DATA_DIR / "media"  # no MEDIA_URL: files leave through views that check who asks

# --- Static files: all from packages or static/, hashed and compressed by `serve` -------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "salon.serving.assets.PackageFilesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "salon.serving.assets.HashedStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

# --- Language and time -----------------------------------------------------------------------------------------------

LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("zh-hant", _("Traditional Chinese")), ("en", _("English"))]
LANGUAGE_CODE = env_str("SALON_LANGUAGE", "zh-hans")
if LANGUAGE_CODE not in dict(LANGUAGES):
    raise ImproperlyConfigured(f"SALON_LANGUAGE must be one of zh-hans, zh-hant, en, not {LANGUAGE_CODE!r}")
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "salon.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env_str("SALON_TIME_ZONE", "Asia/Shanghai")
try:
    ZoneInfo(TIME_ZONE)
except (KeyError, ValueError):
    raise ImproperlyConfigured(f"SALON_TIME_ZONE must be a name such as Asia/Shanghai, not {TIME_ZONE!r}") from None
CURRENCY = env_str("SALON_CURRENCY", "CNY")
PHONE_REGION = env_str("SALON_PHONE_REGION", "CN")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"security_in_one_line": {"()": "salon.logs.SecurityInOneLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["security_in_one_line"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "waitress.queue": {"level": "ERROR"},
        "axes": {"level": "WARNING"},
    },
}
TEST_RUNNER = "django.test.runner.DiscoverRunner"
