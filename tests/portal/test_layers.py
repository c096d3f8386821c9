"""What import-linter cannot see: which module of another app is entered, and foreign keys written as strings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField, Model, OneToOneField

from tests.harness.cluster import APPS, REPOSITORY

# From the bottom up; apps on one step do not know each other.
STEPS = (
    ("accounts",),
    ("clinic",),
    ("patients",),
    ("treatment",),
    ("messaging",),
    ("scheduling", "journal", "education"),
)
HEIGHT = {app: height for height, step in enumerate(STEPS) for app in step}
# The inner rooms of an app. Others use its services, its models as types, and the shared parts it offers (fields, drafting, …).
ROOMS = {
    "views",
    "forms",
    "admin",
    "jobs",
    "adapter",
    "signals",
    "contributed",
    "wagtail_hooks",
    "cms_views",
    "keys",
    "trail",
    "once",
    "apps",
}


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def sources() -> Iterator[tuple[str, Path]]:
    for app in APPS:
        for path in sorted((REPOSITORY / app).rglob("*.py")):
            yield app, path


def test_other_apps_come_in_through_the_door() -> None:
    wrong = []
    for app, path in sources():
        if app == "portal" and path.stem in {"urls", "api_urls"}:
            continue
        for line, name in imports_of(path):
            parts = name.split(".")
            if parts[0] in HEIGHT and parts[0] != app and len(parts) > 1 and parts[1] in ROOMS:
                wrong.append(f"{path.relative_to(REPOSITORY)}:{line} imports {name}")
    assert wrong == []


def test_migrations_import_no_other_app() -> None:
    wrong = []
    for app, path in sources():
        if path.parent.name != "migrations":
            continue
        for line, name in imports_of(path):
            owner = name.split(".")[0]
            if owner in HEIGHT and owner != app and ".fields" not in name:
                wrong.append(f"{path.relative_to(REPOSITORY)}:{line} imports {name}")
    assert wrong == []


def test_relations_point_downwards() -> None:
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        here = model._meta.app_label
        for field in model._meta.get_fields():
            if here not in HEIGHT or not isinstance(field, ForeignKey | OneToOneField | ManyToManyField):
                continue
            related = field.related_model
            if not (isinstance(related, type) and issubclass(related, Model)):
                continue
            there = related._meta.app_label
            if there in HEIGHT and there != here and HEIGHT[there] >= HEIGHT[here]:
                wrong.append(f"{model.__name__}.{field.name} points to {there}")
    assert wrong == []
