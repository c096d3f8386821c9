"""`get_…_display()` of a patient's rows says for every choice what Django would say, in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.utils.functional import lazy
from django.utils.translation import get_language, override

from patients import models as ours
from patients.models import PatientRecord
from portal.lib.ids import uuid7

FIELDS = [
    (model, field)
    for model in apps.get_models()
    if issubclass(model, PatientRecord)
    for field in model._meta.concrete_fields
    if field.choices
]


def test_there_are_such_fields() -> None:
    assert len(FIELDS) > 10


@pytest.mark.parametrize(
    ("model", "field"), FIELDS, ids=lambda one: getattr(one, "__name__", None) or one.name
)
def test_every_choice_reads_as_django_reads_it(model: Any, field: Any) -> None:
    for value in (*dict(field.flatchoices), "nobody knows this", None):
        row = model(id=uuid7(), **{field.attname: value})
        said = getattr(row, f"get_{field.name}_display")()
        assert said == models.Model._get_FIELD_display(row, field)
        assert said is None or type(said) in (str, type(value))


def test_a_label_is_said_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    model, field = FIELDS[0]
    value = next(iter(dict(field.flatchoices)))
    spoken = lazy(lambda: f"label in {get_language()}", str)()
    monkeypatch.setattr(ours, "_labels_of", lambda _field: {value: spoken})
    row = model(id=uuid7(), **{field.attname: value})
    for language in ("en", "es"):
        with override(language):
            assert getattr(row, f"get_{field.name}_display")() == f"label in {language}"
