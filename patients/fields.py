"""`SealedField`: a column that holds any JSON value, sealed with a key of the row's own patient.

Use it like a plain attribute. It is unsealed lazily, when somebody reads it, and sealed when the row is
saved. A wrong key, a flipped bit or a value pasted from another row, column or patient raises SealBroken.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models

from patients.keys import CLINIC, SPACES, opening_key, sealing_key
from portal.lib.sealing import key_version, open_bytes, pack, seal_bytes, unpack


class Sealed:
    """What came from the database and nobody has read yet."""

    __slots__ = ("raw",)

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def __repr__(self) -> str:
        return "<sealed>"


class SealedAttribute:
    """Reads open the sealed value and keep the plain one on the instance."""

    def __init__(self, field: SealedField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if isinstance(value, Sealed):
            value = self.field.open(instance, value.raw)
            instance.__dict__[name] = value
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedField(models.BinaryField):  # type: ignore[type-arg]
    """`space` is "own" (may be erased at the patient's wish) or "clinic" (must be kept).

    `space_from` names an attribute of the row that says which of the two, for rows that can be either.
    """

    def __init__(self, *args: Any, space: str = CLINIC, space_from: str = "", **kwargs: Any) -> None:
        if space not in SPACES:
            raise ValueError(f"unknown key space {space!r}")
        self.space, self.space_from = space, space_from
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        if self.space != CLINIC:
            kwargs["space"] = self.space
        if self.space_from:
            kwargs["space_from"] = self.space_from
        return name, path, args, kwargs

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only=private_only)
        setattr(cls, self.attname, SealedAttribute(self))

    def space_of(self, instance: models.Model) -> str:
        return getattr(instance, self.space_from) if self.space_from else self.space

    def patient_of(self, instance: Any) -> UUID:
        patient_id = instance.sealing_patient_id
        if not isinstance(patient_id, UUID):
            raise ValueError("a sealed value needs a patient")
        return patient_id

    def place(self, instance: models.Model, version: int) -> str:
        """`table.column | row id | patient id | key space and version`: where the value belongs."""
        return self._where(instance.pk, self.patient_of(instance), self.space_of(instance), version)

    def _where(self, row_id: Any, patient_id: UUID, space: str, version: int) -> str:
        return f"{self.model._meta.db_table}.{self.column}|{row_id}|{patient_id}|{space}|{version}"

    def seal(self, instance: models.Model, value: Any) -> bytes:
        version, key = sealing_key(self.patient_of(instance), self.space_of(instance))
        return seal_bytes(key, pack(value), version=version, where=self.place(instance, version))

    def open(self, instance: models.Model, raw: bytes) -> Any:
        version = key_version(raw)
        key = opening_key(self.patient_of(instance), self.space_of(instance), version)
        return unpack(open_bytes(key, raw, where=self.place(instance, version)))

    def open_column(self, row_id: Any, patient_id: UUID, sealed: Sealed) -> Any:
        """The plain value of a column that was read with values_list(), for searches through more rows than are worth making.

        The same key and the same place as with the row; raises SealBroken. Raises ValueError where each row names its own key space.
        """
        if self.space_from:
            raise ValueError("the row says which key space this value belongs to: read the row")
        version = key_version(sealed.raw)
        key = opening_key(patient_id, self.space, version)
        return unpack(open_bytes(key, sealed.raw, where=self._where(row_id, patient_id, self.space, version)))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Sealed):
            return value
        return Sealed(self.seal(model_instance, value))

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise TypeError("only a saved row can seal a value: use save() or bulk_create()")
        return value.raw

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, Sealed):
            value = value.raw
        elif value is not None and not prepared:
            raise TypeError("only a saved row can seal a value: use save() or bulk_create()")
        return super().get_db_prep_value(value, connection, prepared=True)

    def value_to_string(self, obj: Any) -> str:
        raise TypeError("sealed values are not serialized")

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError("a sealed column cannot be searched: unseal one patient's rows and scan them")
        return super().get_lookup(lookup_name)
