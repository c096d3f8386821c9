"""Nothing typed is lost: half-empty, on another device, beside another tab, after a time-out."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connections
from django.http import Http404
from django.test import Client

from patients.drafts import (
    MAX_CHARACTERS,
    DraftConflict,
    DraftGone,
    DraftState,
    DraftTooLarge,
    UnknownDraftKind,
    drafts_of,
    drop_draft,
    open_draft,
    save_draft,
    sweep_drafts,
)
from patients.models import Draft, Patient
from patients.questions import add_question
from portal.lib.ids import uuid7
from tests.patients.world import Clinic, acting, acting_system, make_clinic, signed_in


def opened(
    clinic: Clinic, name: str = "maya", kind: str = "question", patient: Patient | None = None
) -> DraftState:
    with acting(clinic[name]):
        return open_draft(
            user=clinic[name], patient=patient or clinic.maya, kind=kind, resume="/me/questions/"
        )


def save(clinic: Clinic, state: DraftState, name: str = "maya", **fields: str) -> DraftState:
    with acting(clinic[name]):
        patient = Patient.objects.get(pk=state.patient_id)
        capacity = "self" if name == "maya" else "team"
        typed = {key: [value] for key, value in fields.items()}
        return save_draft(user=clinic[name], patient=patient, capacity=capacity, state=state, fields=typed)


def test_a_half_empty_form_is_found_again(clinic: Clinic) -> None:
    saved = save(clinic, opened(clinic), text="Does it hu", other="")
    again = opened(clinic)
    assert (again.id, again.version, again.fields) == (saved.id, 1, {"text": ["Does it hu"], "other": [""]})
    with acting(clinic["maya"]):
        assert [row["id"] for row in drafts_of(clinic["maya"])] == [saved.id]


def test_opening_a_form_writes_nothing(clinic: Clinic) -> None:
    assert opened(clinic).version == 0
    with acting_system():
        assert not Draft.objects.exists()


def test_an_older_version_does_not_overwrite_a_newer_one(clinic: Clinic) -> None:
    first = save(clinic, opened(clinic), text="one")
    stale = DraftState(**{name: getattr(first, name) for name in DraftState.__slots__})
    newer = save(clinic, first, text="two")
    with pytest.raises(DraftConflict) as refused:
        save(clinic, stale, text="three")
    assert refused.value.newest.version == newer.version == 2
    assert refused.value.newest.fields == {"text": ["two"]}


def test_the_same_words_are_no_conflict(clinic: Clinic) -> None:
    first = save(clinic, opened(clinic), text="one")
    assert save(clinic, opened(clinic), text="one").version == first.version


def test_two_new_pages_for_one_place_are_a_conflict_and_not_two_drafts(clinic: Clinic) -> None:
    here, there = opened(clinic), opened(clinic)
    save(clinic, here, text="written here")
    with pytest.raises(DraftConflict) as refused:
        save(clinic, there, text="written there")
    assert refused.value.newest.id == here.id
    # The page that chose its own words goes on with the draft of the place.
    adopted = save(clinic, refused.value.newest, text="written there")
    assert (adopted.id, adopted.version) == (here.id, 2)


def test_four_writers_never_overwrite_each_other_silently(fresh_db: str) -> None:
    clinic = make_clinic()
    start = save(clinic, opened(clinic), text="start")
    lock, won, conflicts = threading.Lock(), [], []
    gate = threading.Barrier(4)

    def write(number: int) -> None:
        try:
            mine = start
            gate.wait()
            for turn in range(10):
                text = f"writer {number} turn {turn}"
                try:
                    mine = save(clinic, mine, text=text)
                    with lock:
                        won.append((mine.version, text))
                except DraftConflict as conflict:
                    with lock:
                        conflicts.append(conflict.newest.version)
                    mine = conflict.newest  # the person saw it and goes on from there
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    versions = sorted(version for version, _text in won)
    assert len(won) + len(conflicts) == 40
    assert versions == list(range(2, len(won) + 2)), "two writers got the same version: one was overwritten"
    assert opened(clinic).fields == {"text": [max(won)[1]]}


def test_after_sending_a_late_autosave_is_gone(clinic: Clinic) -> None:
    state = save(clinic, opened(clinic), text="one")
    with acting(clinic["maya"]):
        add_question(patient=clinic.maya, by=clinic["maya"], id=state.id, text="one")
        drop_draft(user=clinic["maya"], id=state.id)
    with pytest.raises(DraftGone) as gone:
        save(clinic, state, text="one and")
    assert gone.value.status == 410
    assert opened(clinic).version == 0


def test_an_autosave_that_races_with_the_send_does_not_bring_the_draft_back(fresh_db: str) -> None:
    clinic = make_clinic()
    state = save(clinic, opened(clinic), text="one")
    inside = threading.Event()
    result: list[Any] = []

    def late() -> None:
        inside.wait(10)
        try:
            result.append(save(clinic, state, text="one and"))
        except DraftGone as gone:
            result.append(gone)
        finally:
            connections.close_all()

    thread = threading.Thread(target=late)
    thread.start()
    with acting(clinic["maya"]):
        add_question(patient=clinic.maya, by=clinic["maya"], id=state.id, text="one")
        drop_draft(user=clinic["maya"], id=state.id)
        inside.set()
        thread.join(0.5)  # it waits for us: we have not committed
        assert not result
    thread.join(20)
    assert isinstance(result[0], DraftGone)
    with acting_system():
        assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "fields", [{"text": ["x" * (MAX_CHARACTERS + 1)]}, {f"f{n}": ["x"] for n in range(200)}]
)
def test_too_much_is_refused_and_the_older_text_stays(clinic: Clinic, fields: dict[str, list[str]]) -> None:
    state = save(clinic, opened(clinic), text="kept")
    with acting(clinic["maya"]), pytest.raises(DraftTooLarge):
        save_draft(user=clinic["maya"], patient=clinic.maya, capacity="self", state=state, fields=fields)
    assert opened(clinic).fields == {"text": ["kept"]}


def test_a_kind_that_no_form_has_is_refused(clinic: Clinic) -> None:
    with pytest.raises(UnknownDraftKind):
        save(clinic, opened(clinic, kind="nonsense"), text="x")


def test_somebody_elses_draft_is_not_there(clinic: Clinic) -> None:
    state = save(clinic, opened(clinic), text="mine")
    with acting(clinic["rosa"]):
        assert drafts_of(clinic["rosa"]) == []
    foreign = opened(clinic, "rosa", patient=clinic.maya)
    foreign.id = state.id
    with pytest.raises(Http404):
        save(clinic, foreign, "rosa", text="theirs")
    assert opened(clinic).fields == {"text": ["mine"]}


def test_the_teams_drafts_are_sealed_for_the_clinic_and_the_patients_for_the_patient(clinic: Clinic) -> None:
    save(clinic, opened(clinic), text="mine")
    save(clinic, opened(clinic, "rosa"), "rosa", text="theirs")
    with acting_system():
        assert dict(Draft.objects.values_list("owner__name", "space")) == {"Maya": "own", "Rosa": "clinic"}


def test_a_draft_goes_with_the_access(clinic: Clinic) -> None:
    save(clinic, opened(clinic, "jonas"), "jonas", text="for Maya")
    with acting(clinic["maya"]):
        from patients.models import Grant
        from patients.services import revoke_grant

        revoke_grant(patient=clinic.maya, by=clinic["maya"], grant_id=Grant.objects.get(kind="carer").pk)
    with acting(clinic["jonas"]):
        assert drafts_of(clinic["jonas"]) == []


def test_drafts_are_swept_after_thirty_days_to_the_second(clinic: Clinic) -> None:
    state = save(clinic, opened(clinic), text="old")
    with acting_system():
        saved_at = Draft.objects.get(pk=state.id).updated_at
        assert sweep_drafts(saved_at + timedelta(days=30)) == 0
        assert sweep_drafts(saved_at + timedelta(days=30, seconds=1)) == 1


# --- In the browser, without JavaScript -----------------------------------------------------------------------


def typed(text: str, state: DraftState | None = None, **more: str) -> dict[str, str]:
    return {
        "text": text, "draft": str(state.id if state else uuid7()), "draft_version": str(state.version if state else 0),
        **more,
    }  # fmt: skip


def test_finish_later_keeps_the_text_and_today_leads_back(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    assert client.post("/me/questions/", typed("half a quest", later="1")).status_code == 302
    today = client.get("/").content.decode()
    assert "Finish later:" in today
    assert "/me/questions/" in today
    other_device = signed_in(clinic["maya"])
    assert "half a quest" in other_device.get("/me/questions/").content.decode()


def test_a_draft_lives_through_sign_out_and_in(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    client.post("/me/questions/", typed("half a quest", later="1"))
    client.post("/accounts/logout/")
    assert "half a quest" in signed_in(clinic["maya"]).get("/me/questions/").content.decode()


def test_a_refused_form_keeps_what_was_typed_on_the_page_and_as_a_draft(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    answer = client.post("/me/questions/", typed("x" * 700))
    assert answer.status_code == 422
    assert "x" * 700 in answer.content.decode()
    assert "x" * 700 in signed_in(clinic["maya"]).get("/me/questions/").content.decode()


def test_two_tabs_without_scripts_see_both_texts(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    here, there = uuid7(), uuid7()
    client.post("/me/questions/", {"text": "from here", "draft": here, "draft_version": "0", "later": "1"})
    answer = client.post(
        "/me/questions/", {"text": "from there", "draft": there, "draft_version": "0", "later": "1"}
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "from here" in page
    assert "from there" in page
    assert str(here) in page
    answer = client.post(
        "/me/questions/", {"text": "from there", "draft": here, "draft_version": "1", "later": "1"}
    )
    assert answer.status_code == 302


def test_sending_twice_adds_one_question_and_other_words_are_shown_as_new(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    form = typed("How long?")
    for _press in range(2):
        assert client.post("/me/questions/", form).status_code == 302
    page = client.get("/me/questions/").content.decode()
    assert page.count('row__title" href="/me/questions/') == 1
    answer = client.post("/me/questions/", {**form, "text": "How long, and why?"})
    assert answer.status_code == 409
    assert "This was sent before" in answer.content.decode()
    assert "How long, and why?" in answer.content.decode()
    assert f'name="draft" value="{form["draft"]}"' not in answer.content.decode()


def test_throwing_a_draft_away_asks_once(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    state = save(clinic, opened(clinic), text="one")
    url = f"/drafts/{state.id}/drop/"
    assert client.get(url).status_code == 200
    assert opened(clinic).version == 1
    assert signed_in(clinic["samuel"]).post(url).status_code == 404
    assert client.post(url).status_code == 302
    assert opened(clinic).version == 0
    assert client.post(url).status_code == 404


@pytest.mark.parametrize(("minutes", "path"), [(31, "/me/questions/"), (13 * 60, "/me/questions/")])
def test_a_form_that_arrives_after_the_session_ended_is_kept_and_restored(
    clinic: Clinic, minutes: int, path: str
) -> None:
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        client = Client(enforce_csrf_checks=True)
        client.force_login(clinic["maya"])
        page = client.get(path)
        form = hidden_fields(page.content.decode()) | {"text": "typed for a long time"}
        clock.shift(timedelta(minutes=minutes))
        answer = client.post(path, form)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/?next=%2Fme%2Fquestions%2F")
        assert "Your writing is saved" in client.get(answer["Location"]).content.decode()
        assert client.get(path).status_code == 302, "still signed in"
        client.force_login(clinic["maya"])
        assert "typed for a long time" in client.get(path).content.decode()


def test_an_expired_form_from_another_site_is_not_kept(clinic: Clinic) -> None:
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        client = Client(enforce_csrf_checks=True)
        client.force_login(clinic["maya"])
        form = hidden_fields(client.get("/me/questions/").content.decode()) | {"text": "planted"}
        form.pop("csrfmiddlewaretoken")
        clock.shift(timedelta(minutes=31))
        assert client.post("/me/questions/", form).status_code == 302
        client.force_login(clinic["maya"])
        assert "planted" not in client.get("/me/questions/").content.decode()


def test_an_expired_form_beside_a_newer_draft_loses_neither_text(clinic: Clinic) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        client = signed_in(clinic["maya"])
        form = hidden_fields(client.get("/me/questions/").content.decode()) | {"text": "typed in the old tab"}
        save(clinic, opened(clinic), text="typed on the phone")
        clock.shift(timedelta(minutes=31))
        client.post("/me/questions/", form)
        client.force_login(clinic["maya"])
        page = client.get("/me/questions/").content.decode()
        assert "typed in the old tab" in page
        assert "typed on the phone" in page


def hidden_fields(page: str) -> dict[str, Any]:
    """The hidden fields of the page's last form that holds a draft."""
    found = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', page))
    assert UUID(found["draft"])
    return found
