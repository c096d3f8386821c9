"""The one-page report: written, approved, shared with a visit, withdrawn; never changed; never seen by carers."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext

from journal import reports
from journal.contributed import visit_papers
from journal.models import Report, SharedReport
from journal.report_content import unpacked
from patients.questions import add_question
from portal.lib.contributions import Registry, VisitChoice
from portal.lib.ids import uuid7

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User
    from tests.journal.conftest import People

VISIT = VisitChoice(
    UUID("0197a1b2-0000-7000-8000-000000000001"), "Visit with a nurse, Thursday 3 December 2026"
)


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[VisitChoice]:
    """The visits to come; a test may change the list."""
    found = [VISIT]
    registry: Registry[Any] = Registry()
    registry.add(10, lambda user, patient, now: found, name="test")
    monkeypatch.setattr(reports, "visit_choices", registry)
    return found


def once() -> dict[str, str]:
    return {"once": str(uuid7())}


def post_report(client: Client, path: str = "/journal/reports/new/", **typed: Any) -> Any:
    """Post the form as the page does. Returns the answer."""
    return client.post(path, {"draft": str(uuid7()), "draft_version": "0", **typed})


def written(client: Client, **typed: Any) -> str:
    """A report made by the form; its address."""
    answer = post_report(client, **{"why": "Walking is harder.", **typed})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def approved(client: Client, **typed: Any) -> str:
    path = written(client, **typed)
    assert client.post(f"{path}approve/", once()).status_code == 302
    return path


def shared(client: Client, visit: str = "none", **typed: Any) -> str:
    path = approved(client, **typed)
    assert client.post(f"{path}share/", {**once(), "visit": visit}).status_code == 302
    return path


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return unescape(answer.content.decode())


def team_path(people: People, path: str) -> str:
    return f"/patients/{people.patient.pk}/reports/{path.split('/')[-2]}/"


def test_the_form_begins_with_the_first_three_open_questions(people: People, maya: Client) -> None:
    with people.acting(people.maya):
        for text in ("First?", "Second?", "Third?", "Fourth?"):
            add_question(patient=people.patient, by=people.maya, id=uuid7(), text=text)
    people.write({"tiredness": 2, "mood": 3})
    page = text_of(maya, "/journal/reports/new/")
    assert all(text in page for text in ("First?", "Second?", "Third?"))
    assert "Fourth?" not in page
    ticked = re.findall(r'name="symptoms" value="(\w+)"[^>]* checked', page)
    assert ticked == ["tiredness"]  # what is sensitive is never chosen for the patient


def test_from_writing_to_the_team(
    people: People, maya: Client, as_user: Callable[[User], Client], visits: list[VisitChoice]
) -> None:
    for ago in (0, 3, 8):
        people.write({"tiredness": ago // 2, "mood": 4}, "a private note", days_ago=ago)
    path = written(maya, question_1="May I travel?", symptoms=["tiredness"], how="Some good weeks.")
    page = text_of(maya, path)
    assert "This is what your team would see." in page
    assert "Tiredness: a word on 3 of 91 days." in page
    assert "May I travel?" in page
    assert "Not in this report: My infusions, Reactions after infusions." in page
    nurse = as_user(people.nurse)
    assert nurse.get(team_path(people, path)).status_code == 404
    early = maya.post(f"{path}share/", {**once(), "visit": str(VISIT.id)})
    assert early.status_code == 409
    assert "approve it first" in early.content.decode()
    assert maya.post(f"{path}approve/", once()).status_code == 302
    assert nurse.get(team_path(people, path)).status_code == 404
    assert maya.post(f"{path}share/", {**once(), "visit": str(VISIT.id)}).status_code == 302
    theirs = text_of(nurse, team_path(people, path))
    for said in ("Walking is harder.", "May I travel?", "Some good weeks.", VISIT.words, "a word on 3 of 91"):
        assert said in theirs
    assert "private note" not in theirs
    assert "Mood" not in theirs
    assert "Walking is harder." in text_of(nurse, f"/patients/{people.patient.pk}/")
    assert team_path(people, path) in text_of(nurse, f"/patients/{people.patient.pk}/shared-journal/")
    assert path in text_of(maya, "/journal/sharing/")


def test_what_is_left_out_is_kept_for_the_patient_and_not_shown(
    people: People, maya: Client, as_user: Callable[[User], Client], visits: list[VisitChoice]
) -> None:
    path = shared(maya, reactions="A rash after two hours.", left_out=["reactions"])
    for page in (text_of(maya, path), text_of(as_user(people.nurse), team_path(people, path))):
        assert "A rash" not in page
        assert "Walking is harder." in page
    assert "A rash after two hours." in text_of(maya, f"{path}change/")
    with people.acting(people.nurse):
        copy = SharedReport.objects.for_user(people.nurse).get()
        assert "rash" not in str(copy.snapshot)


def test_an_empty_report_and_one_that_is_too_long_are_refused(people: People, maya: Client) -> None:
    answer = post_report(maya)
    assert answer.status_code == 422
    assert "Put at least one part into the report." in answer.content.decode()
    answer = post_report(maya, why="a " * 201, question_1="b" * 201)
    assert answer.status_code == 422
    assert "at most 400 characters" in answer.content.decode()
    assert "b" * 201 in answer.content.decode()  # nothing typed is cut
    people.write({"tiredness": 1})
    answer = post_report(maya, why="x", symptoms=["nothing"])
    assert answer.status_code == 422
    with people.acting(people.maya):
        assert not Report.objects.for_user(people.maya).exists()


def test_new_words_are_a_new_version(
    people: People, maya: Client, as_user: Callable[[User], Client], visits: list[VisitChoice]
) -> None:
    first = shared(maya, visit=str(VISIT.id))
    answer = post_report(maya, f"{first}change/", why="Newer words.")
    second = answer["Location"]
    nurse = as_user(people.nurse)
    assert "Walking is harder." in text_of(nurse, team_path(people, first))  # until the new one is shared
    maya.post(f"{second}approve/", once())
    assert maya.post(f"{second}share/", {**once(), "visit": "none"}).status_code == 302
    assert nurse.get(team_path(people, first)).status_code == 404
    assert "Newer words." in text_of(nurse, team_path(people, second))
    assert "There is a newer version of this report." in text_of(maya, first)
    assert maya.get(f"{first}change/").status_code == 302
    refused = maya.post(f"{first}share/", {**once(), "visit": "none"})
    assert refused.status_code == 409
    assert "newer version" in refused.content.decode()


def test_a_draft_that_is_changed_is_replaced_at_once(people: People, maya: Client) -> None:
    first = written(maya)
    second = post_report(maya, f"{first}change/", why="Other words.")["Location"]
    listed = text_of(maya, "/journal/reports/")
    assert second in listed
    assert first not in listed
    with people.acting(people.maya):
        assert Report.objects.for_user(people.maya).get(pk=second.split("/")[-2]).version == 2


def test_in_low_energy_mode_it_comes_one_part_at_a_time(people: People, maya: Client) -> None:
    """And what was ticked for her at first is still ticked on the last page."""
    people.maya.low_energy = True
    people.maya.save(update_fields=["low_energy"])
    people.write({"tiredness": 2, "mood": 1})
    page = text_of(maya, "/journal/reports/new/")
    assert "Why I come" in page
    assert "Reactions after infusions" not in page
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    assert hidden["symptoms"] == "tiredness"
    sent = maya.post("/journal/reports/new/", {**hidden, "why": "Step by step.", "go": "next"})
    assert sent.status_code == 302
    assert sent["Location"].endswith("step=2")
    whole = text_of(maya, "/journal/reports/new/?step=all")
    assert "Step by step." in whole
    assert re.findall(r'name="symptoms" value="(\w+)"[^>]* checked', whole) == ["tiredness"]


def test_one_report_for_each_visit(
    people: People, maya: Client, as_user: Callable[[User], Client], visits: list[VisitChoice]
) -> None:
    first, other = shared(maya, visit=str(VISIT.id)), shared(maya, why="Without a visit.")
    second = shared(maya, visit=str(VISIT.id), why="For the same visit.")
    nurse = as_user(people.nurse)
    assert nurse.get(team_path(people, first)).status_code == 404
    assert nurse.get(team_path(people, other)).status_code == 200
    assert nurse.get(team_path(people, second)).status_code == 200


def test_the_visits_page_leads_to_its_report(people: People, maya: Client, visits: list[VisitChoice]) -> None:
    def on_the_page(user: User, visit_id: UUID, *, is_open: bool = True) -> list[str]:
        with people.acting(user):
            return [paper["label"] for paper in visit_papers(user, people.patient, visit_id, is_open)]

    assert on_the_page(people.maya, VISIT.id) == ["Write a report for this visit"]
    assert on_the_page(people.maya, VISIT.id, is_open=False) == []
    assert on_the_page(people.nurse, VISIT.id) == []
    path = shared(maya, visit=str(VISIT.id))
    assert on_the_page(people.maya, VISIT.id, is_open=False) == ["My report for this visit"]
    assert on_the_page(people.nurse, VISIT.id) == ["Report from the patient"]
    assert on_the_page(people.nurse, uuid4()) == []
    assert on_the_page(people.carer, VISIT.id) == []
    maya.post(f"{path}withdraw/", once())
    assert on_the_page(people.nurse, VISIT.id) == []


def test_withdrawing_hides_it_and_it_can_be_shared_again(
    people: People, maya: Client, as_user: Callable[[User], Client], visits: list[VisitChoice]
) -> None:
    path = shared(maya)
    nurse = as_user(people.nurse)
    answer = maya.post(f"{path}withdraw/", once(), follow=True)
    assert "If someone read it before" in answer.content.decode()
    assert nurse.get(team_path(people, path)).status_code == 404
    assert nurse.get(f"{team_path(people, path)}pdf/").status_code == 404
    assert "Report from the patient" not in text_of(nurse, f"/patients/{people.patient.pk}/")
    with people.acting(people.nurse), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journal_sharedreport")
        assert cursor.fetchone() == (0,)
    assert maya.post(f"{path}share/", {**once(), "visit": "none"}).status_code == 302
    assert nurse.get(team_path(people, path)).status_code == 200


def test_stopping_all_sharing_withdraws_reports_too(
    people: People, maya: Client, as_user: Callable[[User], Client], visits: list[VisitChoice]
) -> None:
    path = shared(maya)
    page = maya.post("/journal/sharing/stop-all/", once(), follow=True)
    assert "Your team sees nothing of your journal." in page.content.decode()
    assert as_user(people.nurse).get(team_path(people, path)).status_code == 404
    assert "Not shared any more" in text_of(maya, path)


def test_a_visit_that_is_gone_is_said(people: People, maya: Client, visits: list[VisitChoice]) -> None:
    path = approved(maya)
    for visit in (str(uuid4()), "", "nonsense"):
        answer = maya.post(f"{path}share/", {**once(), "visit": visit})
        assert answer.status_code == 422
    visits.clear()
    answer = maya.post(f"{path}share/", {**once(), "visit": str(VISIT.id)})
    assert answer.status_code == 422
    assert "no longer in your list" in answer.content.decode()


def test_the_same_press_twice_is_one_report(people: People, maya: Client, visits: list[VisitChoice]) -> None:
    typed = {"draft": str(uuid7()), "draft_version": "0", "why": "Once."}
    first, second = maya.post("/journal/reports/new/", typed), maya.post("/journal/reports/new/", typed)
    assert first["Location"] == second["Location"]
    other = maya.post("/journal/reports/new/", {**typed, "why": "Other words."})
    assert other.status_code == 409
    assert "A report from this page was saved before" in other.content.decode()
    path, press = first["Location"], once()
    maya.post(f"{path}approve/", once())
    for _turn in range(2):
        assert maya.post(f"{path}share/", {**press, "visit": "none"}).status_code == 302
    with people.acting(people.maya), connection.cursor() as cursor:
        assert Report.objects.for_user(people.maya).count() == 1
        assert SharedReport.objects.for_user(people.maya).count() == 1
        cursor.execute("SELECT act, count(*) FROM patients_auditevent WHERE act LIKE 'report.%%' GROUP BY 1")
        acts = dict(cursor.fetchall())
    assert acts == {"report.written": 1, "report.approved": 1, "report.shared": 1}


def test_words_of_a_report_cannot_be_rewritten(
    people: People, maya: Client, visits: list[VisitChoice]
) -> None:
    shared(maya)
    for statement in (
        "UPDATE journal_report SET content = ''",
        "UPDATE journal_sharedreport SET snapshot = ''",
        "UPDATE journal_sharedreport SET visit_id = NULL",
        "DELETE FROM journal_report",
        "DELETE FROM journal_sharedreport",
    ):
        with (
            people.acting(people.maya),
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_carers_and_strangers_find_nothing(
    people: People, maya: Client, as_user: Callable[[User], Client], visits: list[VisitChoice]
) -> None:
    """The carer may read the journal, and still finds no report: not in Python, not by SQL."""
    path = shared(maya)
    for user in (people.carer, people.samuel, people.elsewhere):
        client = as_user(user)
        assert client.get(path).status_code == 404
        assert client.get(team_path(people, path)).status_code == 404
        with people.acting(user), connection.cursor() as cursor:
            assert not SharedReport.objects.for_user(user).exists()
            for table in ("report", "sharedreport"):
                cursor.execute(f"SELECT count(*) FROM journal_{table}")
                assert cursor.fetchone() == (0,)
    with people.acting(people.nurse), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journal_report")
        assert cursor.fetchone() == (0,)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            cursor.execute("UPDATE journal_sharedreport SET withdrawn_at = now()")


@pytest.mark.parametrize("path", ["/journal/reports/", "/journal/sharing/", "team", "summary"])
def test_statements_do_not_grow(
    people: People,
    maya: Client,
    as_user: Callable[[User], Client],
    visits: list[VisitChoice],
    path: str,
) -> None:
    from portal.context import forget_site

    pages = {
        "team": f"/patients/{people.patient.pk}/shared-journal/",
        "summary": f"/patients/{people.patient.pk}/",
    }
    client = as_user(people.nurse) if path in pages else maya
    counts = []
    for number in (1, 4):
        visits[:] = [VisitChoice(uuid4(), f"Visit {turn}") for turn in range(number)]
        for visit in visits:
            shared(maya, visit=str(visit.id))
        forget_site()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(pages.get(path, path)).status_code == 200
        counts.append(
            len([q for q in queries if "SAVEPOINT" not in q["sql"] and "django_session" not in q["sql"]])
        )
    assert counts[0] == counts[1], counts


def test_the_shared_copy_holds_what_was_approved(
    people: People, maya: Client, visits: list[VisitChoice]
) -> None:
    """What is written in the journal afterwards changes nothing of what was shared."""
    people.write({"tiredness": 1})
    shared(maya, symptoms=["tiredness"])
    people.write({"tiredness": 4}, days_ago=1)
    with people.acting(people.nurse):
        copy = unpacked(SharedReport.objects.for_user(people.nurse).get().snapshot)
    assert [part.points for part in copy.symptoms] == [[[90, 1]]]
    assert copy.symptoms[0].sentence == "Tiredness: a word on 1 of 91 days. A little on 1."
