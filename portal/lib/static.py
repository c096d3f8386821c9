"""Static files with content hashes in their names."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class PortalStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Hashed names, module imports included: a changed file is never served from an old cache."""

    support_js_module_import_aggregation = True
    manifest_strict = False
