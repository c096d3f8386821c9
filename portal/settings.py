"""Settings: environment only, closed by default. README.md lists every variable in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from portal import environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = environment.load()

DEMO = ENV.demo
DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
KEK_FILE = ENV.kek_file
TRAIL_ROOT_FILE = ENV.trail_root_file
PUBLIC_URL = ENV.public_url
ALLOWED_HOSTS = list(ENV.allowed_hosts)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
HTTPS = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "portal",
    "accounts",
    "clinic",
    "patients",
    "treatment",
    "messaging",
    "journal",
    "scheduling",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "procrastinate.contrib.django",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "education",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "portal.lib.middleware.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.lib.middleware.PortalCSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.door.ApiDoorMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "portal.lib.middleware.BadInputMiddleware",
    "portal.lib.middleware.UnitOfWorkMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.page",
            ],
            "libraries": {"administrators": "portal.lib.templatetags.administrators"},
            "builtins": [
                "django.templatetags.i18n",
                "portal.lib.templatetags.ui",
                "portal.lib.templatetags.form_parts",
                "portal.lib.templatetags.times",
            ],
        },
    }
]
FORM_RENDERER = "portal.lib.forms.Renderer"

# --- Database: one engine everywhere; the role decides what a process may do ---------------------
DATABASES = {"default": environment.database_settings(ENV.role_url)}
DATABASE_ROLES = {
    "app": environment.user_of(ENV.database_url),
    "owner": environment.user_of(ENV.database_owner_url or ENV.database_url),
    "maintenance": environment.user_of(ENV.database_maintenance_url or ENV.database_url),
}
DATABASES["default"]["ENGINE"] = "portal.lib.db"
DATABASES["default"]["ATOMIC_REQUESTS"] = False
# A thread keeps its connection: a new one costs more than most pages. Nothing of a person stays in it, because the actor is told to
# each transaction and ends with it; a connection that has died is noticed before it is used.
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in limits live in this cache; a small one forgets a lockout under a spray of other names.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        "OPTIONS": {"MAX_ENTRIES": 200_000, "CULL_FREQUENCY": 10},
    }
}

# --- People ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:today"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people are invited by the clinic; the mailed code proves the address
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "request_login_code": "accounts.forms.CodeForm",
    "add_email": "accounts.forms.NewEmailForm",
    "change_password": "accounts.forms.NewPasswordForm",
    "set_password": "accounts.forms.FirstPasswordForm",
    "reset_password": "accounts.forms.ForgottenPasswordForm",
    "reset_password_from_key": "accounts.forms.LinkedPasswordForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = ENV.trusted_proxy_count
USERSESSIONS_TRACK_ACTIVITY = False
MFA_FORMS = {"add_webauthn": "accounts.forms.PasskeyForm"}
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
SECOND_FACTORS = list(ENV.second_factors)
MFA_SUPPORTED_TYPES = SECOND_FACTORS or ["recovery_codes"]
MFA_TOTP_TOLERANCE = 0
MFA_TOTP_ISSUER = "Clinic portal"
MFA_PASSKEY_LOGIN_ENABLED = "webauthn" in SECOND_FACTORS
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# --- Sessions: the session row lives longer than a sign-in, so that what is posted after a time-out is
# still kept as a draft of the person who wrote it (accounts.middleware decides who is signed in). ----
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 36 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_IDLE_SECONDS_STAFF = 15 * 60
SESSION_IDLE_SECONDS_PATIENT = 30 * 60
SESSION_ABSOLUTE_SECONDS = 12 * 60 * 60
SESSION_WARN_SECONDS = 5 * 60
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Headers -----------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": [NONE],
    }
}

# --- Input limits: past these Django answers 400 itself ------------------------------------------------
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_HANDLERS = [
    "portal.lib.uploads.PagesThatTakeFiles",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
]
# Where signed-in people may send files of 10 MB; they stay in memory, because what a person sends never lies unsealed on a disk.
UPLOAD_PAGES = r"^/(patients/[0-9a-f-]{36}/)?(messages|work)/"
CLAMAV = ENV.clamav  # host:port or the path of a socket; empty is off

# --- Words, time --------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en-us", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"  # stored and logged; every page shows the clinic's own zone

# --- Static files ---------------------------------------------------------------------------------------
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / ".local" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "portal.lib.static.PortalStaticFilesStorage"},
    "attachments": environment.file_storage(ENV.files_url),
}
MEDIA_ROOT = BASE_DIR / ".local" / "media"
MEDIA_URL = "/cms/media/"

# --- Mail ------------------------------------------------------------------------------------------------
for _name, _value in environment.email_settings(ENV.email_url).items():
    globals()[_name] = _value
DEFAULT_FROM_EMAIL = ENV.email_from
SERVER_EMAIL = ENV.email_from
SMS_GATEWAY = ENV.sms_gateway
ADMINS: list[tuple[str, str]] = []

# --- Jobs ------------------------------------------------------------------------------------------------
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_WORKER_DEFAULTS = {
    "delete_jobs": "successful"
}  # what is done is on the trail, not in the queue

# --- API ---------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "portal.lib.api_access.TokenScope",
    ],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.lib.api_access.TokenAuthentication",
        "portal.lib.api_access.SessionAuthentication",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "portal.lib.api_access.AlwaysJSON",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.lib.api_access.StrictJSONParser"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_THROTTLE_CLASSES": [],  # accounts.door counts before anything else is done
    "DEFAULT_SCHEMA_CLASS": "portal.openapi.Operation",
    "EXCEPTION_HANDLER": "portal.lib.api.problem_response",
    "NUM_PROXIES": ENV.trusted_proxy_count,
    "URL_FORMAT_OVERRIDE": None,
}
# Requests in any 60 seconds. A person's pages save drafts here too; a program that asks oftener than this is broken.
API_LIMITS = {"user": 600, "token": 300, "address": 60}

SPECTACULAR_SETTINGS = {
    "TITLE": "Clinic portal",
    "DESCRIPTION": (
        "For programs that a patient, a carer or a team member lets act for them. The same rules as on the pages: "
        "what a person may not see there is not here either. It never diagnoses, and nobody watches what is sent "
        "outside the clinic's hours."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DEFAULT_GENERATOR_CLASS": "portal.openapi.SchemaGenerator",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SCHEMA_PATH_PREFIX_INSERT": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["portal.openapi.say_what_is_refused"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SORT_OPERATION_PARAMETERS": True,
}
SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # HeadersMiddleware sets X-Frame-Options itself, on errors too
    "auth.W004",  # the e-mail is unique by a constraint on its lower case
]

# --- Content ------------------------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = "Clinic portal"
WAGTAILADMIN_BASE_URL = PUBLIC_URL
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
WAGTAILDOCS_SERVE_METHOD = "serve_view"

# --- Logs: what happened and where, never what was written ------------------------------------------------------
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"quiet": {"()": "portal.lib.logs.NoPersonalData"}},
    "formatters": {"json": {"()": "portal.lib.logs.JSONFormatter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["quiet"]},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "portal": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "procrastinate": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}
