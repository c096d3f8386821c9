"""Patients' own pages: what they say, what they keep, who may open them, and that they cost the same with more rows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import OutgoingMail, User
from accounts.services import open_mail
from patients.models import Grant, Patient, Question
from patients.questions import MOST_QUESTIONS, add_question
from patients.reading import PAGE_SIZE
from patients.services import record_many, record_view
from portal import context
from portal.lib.ids import uuid7
from tests.patients.world import Clinic, acting, acting_system, acts_of, signed_in

OWN_PAGES = ("/me/", "/me/access/", "/me/trail/", "/me/carers/", "/me/carers/add/", "/me/questions/")


def text_of(answer: Any) -> str:
    """What stands on a page, without tags and with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def once(**more: str) -> dict[str, str]:
    return {"once": str(uuid7()), **more}


@pytest.mark.parametrize("url", OWN_PAGES)
@pytest.mark.parametrize("name", ["jonas", "rosa", "peter", "stranger"])
def test_own_pages_are_for_patients_only(clinic: Clinic, name: str, url: str) -> None:
    assert signed_in(clinic[name]).get(url).status_code == 404


@pytest.mark.parametrize("url", OWN_PAGES)
def test_own_pages_need_a_sign_in_and_are_not_stored(clinic: Clinic, url: str) -> None:
    assert Client().get(url)["Location"].startswith("/accounts/login/")
    answer = signed_in(clinic["maya"]).get(url)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("url", ["/me/access/", "/me/trail/", "/me/carers/"])
def test_reading_pages_take_no_posts(clinic: Clinic, url: str) -> None:
    assert signed_in(clinic["maya"]).post(url).status_code == 405


# --- Details --------------------------------------------------------------------------------------------------


def profile(**more: str) -> dict[str, str]:
    return {"name": "Maya Lindqvist", "preferred_name": "", "phone": "555-0142", "contact_note": "", "draft": str(uuid7()),
            "draft_version": "0", **more}  # fmt: skip


def test_details_are_changed_once_and_the_team_sees_them(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    form = profile(preferred_name="Maj", contact_note="After 10 am, please.")
    for _press in range(3):
        assert client.post("/me/", form).status_code == 302
    assert acts_of(clinic.maya).count("profile.changed self") == 1
    assert "After 10 am, please." in text_of(signed_in(clinic["rosa"]).get(f"/patients/{clinic.maya.pk}/"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 200), ("phone", "call me"), ("phone", "1"), ("contact_note", "x" * 501)],
)
def test_wrong_details_are_refused_and_kept_on_the_page(clinic: Clinic, field: str, value: str) -> None:
    answer = signed_in(clinic["maya"]).post("/me/", profile(**{field: value}))
    assert answer.status_code == 422
    assert answer.content.decode().count("<title>Error:") == 1
    assert value in answer.content.decode()
    with acting(clinic["maya"]):
        assert Patient.objects.get().phone == "555-0142"


def test_invisible_signs_are_cleaned_from_details(clinic: Clinic) -> None:
    signed_in(clinic["maya"]).post("/me/", profile(name="Ma\u202eya\u200f  \x07Lind\nqvist"))
    with acting(clinic["maya"]):
        assert Patient.objects.get().name == "Maya Lind qvist"


# --- Who can see, who looked ---------------------------------------------------------------------------------


def test_the_access_page_names_team_carer_and_what_they_see(clinic: Clinic) -> None:
    page = text_of(signed_in(clinic["maya"]).get("/me/access/"))
    assert "Rosa" in page
    assert "my husband" in page
    assert "Appointments: see, book, change" in page
    assert "Journal: read" not in page
    for absent in ("Peter", "Former", "Future", "Samuel"):
        assert absent not in page


def test_the_trail_names_people_and_acts_in_plain_words(clinic: Clinic) -> None:
    clinic["rosa"].job_title = "Infusion nurse"
    clinic["rosa"].save()
    signed_in(clinic["rosa"]).get(f"/patients/{clinic.maya.pk}/")
    signed_in(clinic["peter"]).get(f"/patients/{clinic.maya.pk}/")
    client = signed_in(clinic["maya"])
    page = text_of(client.get("/me/trail/"))
    assert "Rosa, Infusion nurse, MS infusion team · looked at your summary" in page
    assert "Peter, Nurse, Rehab team · tried to open your record and was not let in" in page
    assert "Was not let in" in page
    assert "You ·" not in page
    assert "You · read this list" in text_of(client.get("/me/trail/?all=1"))


def test_another_patients_try_does_not_say_who_it_was(clinic: Clinic) -> None:
    signed_in(clinic["samuel"]).get(f"/patients/{clinic.maya.pk}/")
    page = text_of(signed_in(clinic["maya"]).get("/me/trail/"))
    assert "Somebody without access to your record · tried to open your record" in page
    assert "Samuel" not in page


def test_the_carer_is_named_as_the_carer(clinic: Clinic) -> None:
    with acting(clinic["jonas"]):
        record_view(clinic["jonas"], clinic.maya, "carer.today")
    assert "Jonas, your carer · saw your name on their Today page" in text_of(
        signed_in(clinic["maya"]).get("/me/trail/")
    )


def test_the_trail_is_read_page_by_page_without_gap_or_repeat(clinic: Clinic) -> None:
    for number in range(PAGE_SIZE * 2 + 3):
        with acting(clinic["rosa"]):
            record_view(clinic["rosa"], clinic.maya, "summary.view", uuid7() if number else None)
    client, url, shown, pages = signed_in(clinic["maya"]), "/me/trail/", 0, 0
    while url:
        answer = client.get(url)
        shown += answer.content.decode().count("looked at your summary")
        pages += 1
        link = re.search(r'href="(\?[^"]*before=\d+)"', answer.content.decode())
        url = "/me/trail/" + link.group(1).replace("&amp;", "&") if link else ""
    assert shown == PAGE_SIZE * 2 + 3
    assert pages == 3


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "1.5", "%00", "٣"])
def test_a_wrong_place_in_the_trail_is_the_first_page(clinic: Clinic, before: str) -> None:
    assert signed_in(clinic["maya"]).get(f"/me/trail/?before={before}").status_code in {200, 400}


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


@pytest.mark.parametrize("url", ["/me/trail/", "/me/access/", "/me/carers/", "/me/questions/", "/"])
def test_pages_cost_the_same_with_one_row_and_with_five(
    clinic: Clinic, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "SITE_SECONDS", 3600.0)
    client = signed_in(clinic["maya"])
    add_rows(clinic, 1)
    one = queries(client, url)
    add_rows(clinic, 5)
    assert queries(client, url) == one


def add_rows(clinic: Clinic, count: int) -> None:
    for number in range(count):
        helper = User.objects.create_user(f"helper-{uuid7()}@example.com", None, name=f"Helper {number}")
        with acting_system():
            now = datetime.now(UTC)
            for kind in ("carer", "break_glass"):
                grant = Grant(
                    patient=clinic.maya,
                    user=helper,
                    kind=kind,
                    scopes=["messages"],
                    ends_at=now + timedelta(hours=1),
                )
                grant.relation, grant.reason = "a friend", "a reason"
                grant.save(force_insert=True)
        with acting(helper):
            record_many(helper, [clinic.maya], "patient.listed")
        with acting(clinic["maya"]):
            add_question(patient=clinic.maya, by=clinic["maya"], id=uuid7(), text=f"question {number}")


# --- Carers ------------------------------------------------------------------------------------------------------


def carer_form(**more: Any) -> dict[str, Any]:
    last = datetime.now(UTC).date() + timedelta(days=90)
    return {
        "email": "ines@example.com", "called": "Ines", "relation": "my neighbor", "scopes": ["messages"],
        "last_day_day": last.day, "last_day_month": last.month, "last_day_year": last.year,
        "draft": str(uuid7()), "draft_version": "0", **more,
    }  # fmt: skip


def carers_of(clinic: Clinic) -> list[Grant]:
    with acting_system():
        return list(Grant.objects.filter(patient=clinic.maya, kind="carer").order_by("created_at"))


def mails_to(address: str) -> list[dict[str, str]]:
    opened = [open_mail(mail) for mail in OutgoingMail.objects.order_by("created_at")]
    return [mail for mail in opened if mail and mail["to"] == address]


@pytest.mark.parametrize(("scopes", "said"), [(["messages"], True), (["appointments"], False)])
def test_it_is_said_that_a_new_carer_reads_what_was_written_before(
    scopes: list[str], said: bool, clinic: Clinic
) -> None:
    client, words = signed_in(clinic["maya"]), "can also read the messages you have written until now"
    assert words in client.get("/me/carers/add/").content.decode()
    answer = client.post("/me/carers/add/", carer_form(scopes=scopes), follow=True)
    assert "Ines can help you now" in answer.content.decode()
    assert (words in answer.content.decode()) == said


def test_a_carer_is_added_once_and_told_by_a_neutral_mail(clinic: Clinic) -> None:
    client, form = signed_in(clinic["maya"]), carer_form()
    for _press in range(3):
        assert client.post("/me/carers/add/", form).status_code == 302
    assert len(carers_of(clinic)) == 2
    mails = mails_to("ines@example.com")
    assert len(mails) == 1
    said = (mails[0]["subject"] + mails[0]["body"]).lower()
    for word in ("maya", "infusion", "health", "ms ", "patient", "medic", "treat"):
        assert word not in said
    page = text_of(client.get("/me/carers/"))
    assert "Ines, my neighbor" in page
    ines = User.objects.get(email="ines@example.com")
    assert "Maya Lindqvist" in text_of(signed_in(ines).get("/"))


def test_a_known_and_an_unknown_address_are_answered_alike(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    pages = []
    for address in ("peter@example.com", "nobody-yet@example.com"):
        client.post("/me/carers/add/", carer_form(email=address, called="My friend"))
        page = text_of(client.get("/me/carers/"))
        pages.append(page.replace(address, "ADDRESS"))
        with acting(clinic["maya"]):
            grant = Grant.objects.filter(kind="carer").order_by("-created_at").first()
        client.post(f"/me/carers/{grant.pk}/end/", once())
        client.get("/me/carers/")
    assert "My friend" in pages[0]
    assert "Peter" not in pages[0]
    first, second = (re.sub(r"Earlier .* (?=Help and phone numbers)", "", page) for page in pages)
    assert first == second


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "not an address"), ("email", "maya@example.com"), ("email", "jonas@example.com"), ("scopes", []),
     ("scopes", ["own"]), ("scopes", ["team"]), ("last_day_year", "1999"), ("last_day_year", "2199"), ("last_day_day", "40"),
     ("called", ""), ("relation", "x" * 100)],
)  # fmt: skip
def test_a_carer_who_cannot_be_added_is_refused_and_the_form_kept(
    clinic: Clinic, field: str, value: Any
) -> None:
    answer = signed_in(clinic["maya"]).post("/me/carers/add/", carer_form(**{field: value}))
    assert answer.status_code == 422
    assert "my neighbor" in answer.content.decode() or field == "relation"
    assert len(carers_of(clinic)) == 1


def test_ending_a_carer_works_at_the_next_request(clinic: Clinic) -> None:
    jonas, maya = signed_in(clinic["jonas"]), signed_in(clinic["maya"])
    assert "Maya Lindqvist" in text_of(jonas.get("/"))
    url = f"/me/carers/{carers_of(clinic)[0].pk}/end/"
    press = once()
    for _press in range(2):
        assert maya.post(url, press).status_code == 302
    assert "Maya" not in text_of(jonas.get("/"))
    assert acts_of(clinic.maya).count("grant.revoked self") == 1


def test_only_the_patient_ends_a_carer_and_only_a_carer_is_ended(clinic: Clinic) -> None:
    url = f"/me/carers/{carers_of(clinic)[0].pk}/end/"
    for name in ("samuel", "jonas", "rosa", "stranger"):
        assert signed_in(clinic[name]).post(url, once()).status_code == 404
    with acting_system():
        team = Grant.objects.get(patient=clinic.maya, kind="team")
    assert signed_in(clinic["maya"]).post(f"/me/carers/{team.pk}/end/", once()).status_code == 404
    assert signed_in(clinic["maya"]).get(url).status_code == 405
    for bad in ({}, {"once": "x"}):
        assert signed_in(clinic["maya"]).post(url, bad).status_code == 400
    assert carers_of(clinic)[0].revoked_at is None


def test_the_same_button_id_for_another_carer_is_a_conflict_page(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    client.post("/me/carers/add/", carer_form())
    first, second = carers_of(clinic)
    press = once()
    assert client.post(f"/me/carers/{first.pk}/end/", press).status_code == 302
    assert client.post(f"/me/carers/{second.pk}/end/", press).status_code == 409
    assert carers_of(clinic)[1].revoked_at is None


# --- Questions ---------------------------------------------------------------------------------------------------------


def ask(client: Client, text: str) -> None:
    assert (
        client.post("/me/questions/", {"text": text, "draft": str(uuid7()), "draft_version": "0"}).status_code
        == 302
    )


def order_of(clinic: Clinic) -> list[str]:
    with acting(clinic["maya"]):
        return [q.text for q in Question.objects.filter(asked_at=None).order_by("position")]


def question(clinic: Clinic, text: str) -> Question:
    with acting(clinic["maya"]):
        return next(q for q in Question.objects.all() if q.text == text)


def test_questions_are_added_moved_asked_answered_and_removed(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    for text in ("one", "two", "three", "four"):
        ask(client, text)
    page = text_of(client.get("/me/questions/"))
    assert (
        page.index("Ask these first")
        < page.index("three")
        < page.index("If there is time")
        < page.index("four")
    )
    client.post(f"/me/questions/{question(clinic, 'four').pk}/move/", once(to="up"))
    client.post(f"/me/questions/{question(clinic, 'one').pk}/move/", once(to="down"))
    assert order_of(clinic) == ["two", "one", "four", "three"]
    two = question(clinic, "two")
    client.post(f"/me/questions/{two.pk}/move/", once(to="up"))
    assert order_of(clinic)[0] == "two"
    edit = {
        "text": "two?",
        "asked": ["yes"],
        "answer": "Yes, it is.",
        "draft": str(uuid7()),
        "draft_version": "0",
    }
    assert client.post(f"/me/questions/{two.pk}/", edit).status_code == 302
    assert order_of(clinic) == ["one", "four", "three"]
    assert "Yes, it is." in text_of(client.get("/me/questions/"))
    client.post(f"/me/questions/{question(clinic, 'four').pk}/remove/", once())
    assert order_of(clinic) == ["one", "three"]
    assert "one" in text_of(client.get("/"))


def test_a_move_pressed_twice_moves_once(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    for text in ("one", "two", "three"):
        ask(client, text)
    press = once(to="up")
    for _press in range(2):
        client.post(f"/me/questions/{question(clinic, 'three').pk}/move/", press)
    assert order_of(clinic) == ["one", "three", "two"]


@pytest.mark.parametrize("act", ["", "move/", "remove/"])
@pytest.mark.parametrize("name", ["samuel", "rosa", "jonas"])
def test_nobody_else_reaches_a_question(clinic: Clinic, name: str, act: str) -> None:
    ask(signed_in(clinic["maya"]), "mine")
    url = f"/me/questions/{question(clinic, 'mine').pk}/{act}"
    answer = signed_in(clinic[name]).post(url, once(text="theirs", draft=str(uuid7()), draft_version="0"))
    assert answer.status_code == 404
    assert order_of(clinic) == ["mine"]


def test_a_full_list_says_so_and_keeps_the_words(clinic: Clinic) -> None:
    with acting(clinic["maya"]):
        Question.objects.bulk_create(
            [Question(patient=clinic.maya, text=f"q{n}", position=n) for n in range(1, MOST_QUESTIONS + 1)]
        )
    answer = signed_in(clinic["maya"]).post(
        "/me/questions/", {"text": "one more", "draft": str(uuid7()), "draft_version": "0"}
    )
    assert answer.status_code == 422
    assert "Your list is full" in text_of(answer)
    assert "one more" in answer.content.decode()


def test_script_in_a_question_stays_text(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    ask(client, "<script>alert(1)</script>")
    for url in ("/me/questions/", "/"):
        assert b"<script>alert" not in client.get(url).content
