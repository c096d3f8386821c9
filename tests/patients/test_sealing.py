"""Sealed values open only where they belong, with the right key, unchanged; anything else raises."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from patients.keys import CLINIC, OWN, unwrap, wrap_new_key
from patients.models import Draft, Patient, PatientKey, Question
from portal.lib import sealing
from portal.lib.ids import uuid7
from portal.lib.sealing import KeyFileError, SealBroken, open_bytes, pack, read_key_file, seal_bytes, unpack
from tests.patients.world import Clinic, acting, acting_system

KEY = secrets.token_bytes(32)
any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=40)  # lone surrogates too
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | any_text
)
any_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)


@given(any_json)
def test_any_json_value_comes_back_as_it_was(value: Any) -> None:
    sealed = seal_bytes(KEY, pack(value), version=1, where="here")
    back = unpack(open_bytes(KEY, sealed, where="here"))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("value", [0, False, "", 0.0, [], {}, True, "\ud800", "\x00", 10**30])
def test_values_that_other_packages_lose_come_back_from_a_row(clinic: Clinic, value: Any) -> None:
    with acting(clinic["maya"]):
        Question(id=(pk := uuid7()), patient=clinic.maya, text=value, position=1).save(force_insert=True)
    with acting(clinic["maya"]):
        back = Question.objects.get(pk=pk).text
        assert back == value
        assert type(back) is type(value)


def test_every_flipped_bit_is_found() -> None:
    sealed = seal_bytes(KEY, pack("a private word"), version=3, where="here")
    for place in range(len(sealed)):
        for bit in range(8):
            broken = bytearray(sealed)
            broken[place] ^= 1 << bit
            with pytest.raises(SealBroken):
                open_bytes(KEY, bytes(broken), where="here")


@pytest.mark.parametrize("cut", [0, 1, 3, 15, 30])
def test_a_shortened_value_is_found(cut: int) -> None:
    with pytest.raises(SealBroken):
        open_bytes(KEY, seal_bytes(KEY, b"plain", version=0, where="here")[:cut], where="here")


def test_a_wrong_key_and_a_wrong_place_are_found() -> None:
    sealed = seal_bytes(KEY, b"plain", version=0, where="here")
    with pytest.raises(SealBroken):
        open_bytes(secrets.token_bytes(32), sealed, where="here")
    with pytest.raises(SealBroken):
        open_bytes(KEY, sealed, where="there")


def test_numbers_that_are_not_json_are_refused() -> None:
    with pytest.raises(ValueError):
        pack(float("nan"))


# --- In rows --------------------------------------------------------------------------------------


@pytest.fixture
def asked(clinic: Clinic) -> list[Question]:
    """Two questions of Maya and one of Samuel, each with an answer."""
    made: list[Question] = []
    for who, patient in (("maya", clinic.maya), ("maya", clinic.maya), ("samuel", clinic.samuel)):
        with acting(clinic[who]):
            question = Question(
                patient=patient, text=f"question {len(made)}", answer=f"answer {len(made)}", position=1
            )
            question.save(force_insert=True)
            made.append(question)
    return made


def paste(target: Question, column: str, source: Question, from_column: str) -> None:
    with acting_system(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE patients_question SET {column} = (SELECT {from_column} FROM patients_question WHERE id = %s) WHERE id = %s",
            [source.pk, target.pk],
        )


@pytest.mark.parametrize(
    ("target", "column", "source", "from_column"),
    [(0, "text", 1, "text"), (0, "text", 0, "answer"), (0, "text", 2, "text"), (2, "answer", 0, "answer")],
    ids=["another row", "another column", "another patient", "another patient's answer"],
)
def test_a_value_pasted_elsewhere_does_not_open(
    asked: list[Question], target: int, column: str, source: int, from_column: str
) -> None:
    paste(asked[target], column, asked[source], from_column)
    with acting_system():
        row = Question.objects.get(pk=asked[target].pk)
        with pytest.raises(SealBroken):
            getattr(row, column)


def test_a_row_handed_to_another_patient_does_not_open(clinic: Clinic, asked: list[Question]) -> None:
    with acting_system():
        Question.objects.filter(pk=asked[0].pk).update(patient=clinic.samuel)
        with pytest.raises(SealBroken):
            _ = Question.objects.get(pk=asked[0].pk).text


def test_a_value_of_the_other_key_space_does_not_open(clinic: Clinic, asked: list[Question]) -> None:
    with acting_system():
        row = Question.objects.get(pk=asked[0].pk)
        field = Question._meta.get_field("text")
        foreign = seal_bytes(
            unwrapped(clinic.maya, CLINIC), pack("clinic words"), version=1, where=field.place(row, 1)
        )
        write_raw(row, foreign)
        with pytest.raises(SealBroken):
            _ = Question.objects.get(pk=row.pk).text


def test_an_edited_key_version_does_not_open(asked: list[Question]) -> None:
    with acting_system():
        row = Question.objects.get(pk=asked[0].pk)
        raw = bytearray(row.__dict__["text"].raw)
        raw[2] ^= 1
        write_raw(row, bytes(raw))
        with pytest.raises(SealBroken):
            _ = Question.objects.get(pk=row.pk).text


def test_a_key_pasted_to_another_patient_or_space_does_not_open(
    clinic: Clinic, asked: list[Question]
) -> None:
    with acting_system():
        mine = PatientKey.objects.get(patient=clinic.maya, space=OWN)
        theirs = PatientKey.objects.get(patient=clinic.samuel, space=OWN)
        for wrong in (
            bytes(theirs.wrapped),
            bytes(PatientKey.objects.get(patient=clinic.maya, space=CLINIC).wrapped),
        ):
            PatientKey.objects.filter(pk=mine.pk).update(wrapped=wrong)
            with acting_system(), pytest.raises(SealBroken):
                _ = Question.objects.get(pk=asked[0].pk).text


def test_a_broken_value_is_never_shown_as_it_is_stored(clinic: Clinic, asked: list[Question]) -> None:
    with acting_system():
        write_raw(asked[0], b"not sealed at all, longer than a header")
        row = Question.objects.get(pk=asked[0].pk)
        for _attempt in range(2):
            with pytest.raises(SealBroken):
                _ = row.text
        assert "not sealed" not in repr(row.__dict__)


def test_two_fields_with_the_same_words_look_different(clinic: Clinic, maintenance_cursor: Any) -> None:
    with acting(clinic["maya"]):
        rows = [Question(patient=clinic.maya, text="same", position=1) for _n in range(2)]
        Question.objects.bulk_create(rows)
        stored = {bytes(Question.objects.get(pk=row.pk).__dict__["text"].raw) for row in rows}
    assert len(stored) == 2
    assert not any(b"same" in value for value in stored)


def test_sealed_columns_cannot_be_searched_or_updated_in_bulk(clinic: Clinic) -> None:
    with acting(clinic["maya"]):
        with pytest.raises(TypeError):
            Patient.objects.filter(name="Maya Lindqvist").exists()
        with pytest.raises(TypeError):
            Patient.objects.filter(pk=clinic.maya.pk).update(name="Maya")


def test_without_a_key_in_reach_reading_raises_every_time(clinic: Clinic) -> None:
    with acting_system():
        patient = Patient.objects.get(pk=clinic.maya.pk)
    with acting(clinic["stranger"]):
        for _attempt in range(2):
            with pytest.raises(SealBroken):
                _ = Patient(pk=patient.pk, name=patient.__dict__["name"]).name


def unwrapped(patient: Patient, space: str) -> bytes:
    row = PatientKey.objects.get(patient=patient, space=space)
    return unwrap(patient.pk, space, row.version, row.kek_id, bytes(row.wrapped))


def write_raw(row: Question, raw: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_question SET text = %s WHERE id = %s", [raw, row.pk])


# --- The key-encryption key -----------------------------------------------------------------------------


def key_line(name: str) -> str:
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}\n"


@pytest.mark.parametrize("same_name", [True, False])
def test_a_wrong_key_encryption_key_opens_nothing(
    clinic: Clinic, settings: Any, tmp_path: Path, same_name: bool
) -> None:
    name = sealing.key_encryption_keys().current[0] if same_name else "another"
    other = tmp_path / "kek"
    other.write_text(key_line(name))
    settings.KEK_FILE = str(other)
    with acting(clinic["maya"]), pytest.raises(SealBroken):
        _ = Patient.objects.get(pk=clinic.maya.pk).name


def test_a_key_line_added_while_running_is_seen_at_once(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "kek"
    file.write_text(key_line("first"))
    settings.KEK_FILE = str(file)
    kek_id, wrapped = wrap_new_key(pid := uuid7(), OWN, 1)
    file.write_text(key_line("second") + file.read_text())
    assert sealing.key_encryption_keys().current[0] == "second"
    assert len(unwrap(pid, OWN, 1, kek_id, wrapped)) == 32
    file.unlink()
    assert sealing.key_encryption_keys().current[0] == "second"


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "no colon at all\n", "id:not base64!\n", "id:" + base64.b64encode(b"short").decode(),
     ":" + base64.b64encode(bytes(range(32))).decode(), "id:" + base64.b64encode(bytes(32)).decode(), "id:ü"],
)  # fmt: skip
def test_an_unfit_key_file_is_refused_with_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "kek"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(KeyFileError) as refused:
        read_key_file(str(file))
    assert "\n" not in str(refused.value)


def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError):
        read_key_file(str(tmp_path / "gone"))


def test_portal_values_open_only_for_their_purpose_and_place() -> None:
    sealed = sealing.seal_for_portal({"code": "ABC123"}, purpose="mail", where="row 1")
    assert sealing.open_for_portal(sealed, purpose="mail", where="row 1") == {"code": "ABC123"}
    assert b"ABC123" not in sealed
    for purpose, where in (("sessions", "row 1"), ("mail", "row 2")):
        with pytest.raises(SealBroken):
            sealing.open_for_portal(sealed, purpose=purpose, where=where)
    for broken in (b"", b"\x00", b"\xff" * 40, sealed[:-1]):
        with pytest.raises(SealBroken):
            sealing.open_for_portal(broken, purpose="mail", where="row 1")


def test_a_column_read_without_its_row_opens_only_in_its_place(clinic: Clinic) -> None:
    field: Any = Question._meta.get_field("text")
    with acting(clinic["maya"]):
        for words in ("first", "second"):
            Question(id=uuid7(), patient=clinic.maya, text=words, position=1).save(force_insert=True)
        rows = list(Question.objects.order_by("pk").values_list("pk", "patient_id", "text"))
        assert [field.open_column(*row) for row in rows] == ["first", "second"]
        (one, patient_id, sealed), (other, _patient, _sealed) = rows
        with pytest.raises(SealBroken):
            field.open_column(other, patient_id, sealed)
        with pytest.raises(SealBroken):
            field.open_column(one, uuid7(), sealed)


def test_a_value_whose_row_names_its_space_is_not_opened_without_the_row() -> None:
    field: Any = Draft._meta.get_field("fields")
    with pytest.raises(ValueError, match="key space"):
        field.open_column(uuid7(), uuid7(), b"")
