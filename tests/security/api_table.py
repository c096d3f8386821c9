"""Who gets which answer from every address of the API and each of its methods, written by hand from the rules.

The rules are those of tests/security/authorization_table.py: nobody is 401, a stranger 404, a reader who may not act 403. Whoever is not
the patient says `?patient=`; a patient may leave it out. A method that an address does not have is 405.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from PIL import Image

from portal.lib.ids import uuid7
from portal.lib.time import now
from scheduling.pages import time_of
from tests.registry.ground import Ground
from tests.registry.people import CLINICIANS, MAYA, PATIENTS, SAMUEL, SIGNED_IN, TEAM
from tests.security.authorization_table import (
    IN_EMERGENCY,
    JOURNAL_CARERS,
    OF_TEAM,
    READERS,
    RECORD,
    SELF,
    SIDE,
    everyone,
    of,
)
from treatment.models import Protocol

People = dict[str, tuple[str, ...]]
Body = Callable[[Ground, str], dict[str, Any] | None]
NOTHING: Body = lambda ground, whose: None  # noqa: E731
EVERYBODY = everyone(*SIGNED_IN)
TEAMS = everyone(*CLINICIANS)
OWN = everyone(*PATIENTS)
TREATED = of(SELF, READERS)
PRESCRIBERS = everyone("neurologist")
# Who keeps the rota of the care team: its neurologists and coordinators. An absence of somebody else is entered by them, too.
LEADS = everyone("neurologist")
NO_LEADS = everyone("nurse", "pharmacist")
NO_PRESCRIBERS = of(everyone("nurse", "pharmacist"), IN_EMERGENCY)
NO_EDITORS = everyone("elsewhere", "emergency")


def an_on_call(ground: Ground, whose: str) -> dict[str, Any]:
    starts = now() + timedelta(days=200)
    return {
        "team": str(ground.of("team_id", whose)),
        "user": str(ground.users["nurse"].pk),
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=8)).isoformat(),
    }


def an_absence(ground: Ground, whose: str) -> dict[str, Any]:
    day = now().date() + timedelta(days=200)
    return {
        "team": str(ground.of("team_id", whose)),
        "user": str(ground.users["neurologist"].pk),
        "cover": str(ground.users["nurse"].pk),
        "starts_on": day.isoformat(),
        "ends_on": day.isoformat(),
    }


def a_plan(ground: Ground, whose: str) -> dict[str, Any]:
    return {"therapy": "ocrelizumab_iv", "first_dose_on": "2026-03-02", "until": "2028-03-02"}


def a_fever(ground: Ground, whose: str) -> dict[str, Any]:
    return {"answers": [{"fact": f"{ground.of('code', whose)}.chk.infection", "answer": "yes"}]}


def a_result(ground: Ground, whose: str) -> dict[str, Any]:
    day = (now() - timedelta(days=2)).date().isoformat()
    return {
        "test": ground.of("test", whose),
        "taken_on": day,
        "words": "Nothing new.",
        "assay": "Stratify JCV",
    }


def a_correction(ground: Ground, whose: str) -> dict[str, Any]:
    return {**a_result(ground, whose), "why": "The wrong line."}


def a_decision(ground: Ground, whose: str) -> dict[str, Any]:
    return {"fact": ground.of("fact", whose), "applies": True, "every_months": 6, "reason": "Low before."}


@dataclass(frozen=True)
class Can:
    """Who may use a method, what they get, and what they send. `refused` see the thing and are told 403; `in_session`: so are tokens."""

    may: People
    status: int = 200
    body: Body = NOTHING
    refused: People = field(default_factory=lambda: everyone())
    in_session: bool = False


@dataclass(frozen=True)
class ApiRow:
    """One address. `about`: whoever is not the patient adds `?patient=`; `query` is added to it."""

    name: str
    methods: dict[str, Can]
    about: bool = True
    query: Callable[[Ground, str], str] = lambda ground, whose: ""
    instead: dict[str, str] = field(default_factory=dict)


def reads(name: str, may: People, **more: Any) -> ApiRow:
    return ApiRow(name, {"GET": Can(may)}, **more)


def acts(
    name: str,
    may: People,
    body: Body = NOTHING,
    *,
    status: int = 200,
    refused: People | None = None,
    instead: dict[str, str] | None = None,
) -> ApiRow:
    """An act: POST and nothing else."""
    return ApiRow(name, {"POST": Can(may, status, body, refused or everyone())}, instead=instead or {})


def sends(**body: Any) -> Body:
    return lambda ground, whose: body


def service(ground: Ground) -> str:
    return ground.query["visit"].split("=")[1]


def a_visit(ground: Ground, whose: str) -> dict[str, Any]:
    return {"service": service(ground), **a_time(ground, whose)}


def a_time(ground: Ground, whose: str) -> dict[str, Any]:
    at, resource = ground.query[f"slot-{whose}"].split("at=")[1].split(".")
    stamp = f"{at[:4]}-{at[4:6]}-{at[6:8]}T{at[9:11]}:{at[11:13]}:{at[13:15]}Z"
    return {"starts_at": stamp, "resource": resource}


def an_infusion(ground: Ground, whose: str) -> dict[str, Any]:
    at = time_of(ground.query[f"infusion-{whose}"].removeprefix("at="))
    assert at is not None
    return {"dose": str(ground.of("infusion_dose", whose)), "wishes": [at.isoformat()]}


def a_file(ground: Ground, whose: str) -> dict[str, Any]:
    out = BytesIO()
    Image.new("RGB", (9, 9), "olive").save(out, "JPEG")
    return {"name": "arm.jpg", "content": b64encode(out.getvalue()).decode()}


def an_entry(ground: Ground, whose: str) -> dict[str, Any]:
    return {"occurred_on": ground.query["today"], "scores": {"tiredness": 2}, "note": "A walk."}


def a_change(ground: Ground, whose: str) -> dict[str, Any]:
    return {**an_entry(ground, whose), "version": 1, "share": False}


def a_patient(ground: Ground, whose: str) -> dict[str, Any]:
    return {
        "name": "Nora New", "date_of_birth": "1990-01-31", "email": f"{uuid7()}@example.com",
        "phone": "555-0188", "team": str(ground.of("team_id", MAYA)),
    }  # fmt: skip


def given(ground: Ground, whose: str) -> dict[str, Any]:
    return {
        "given_at": now().isoformat(),
        "early_reason": "A relapse.",
        "although": "Given before it was read.",
    }


def in_days(ground: Ground, days: int) -> str:
    return (date.fromisoformat(ground.query["today"]) + timedelta(days=days)).isoformat()


def a_version(ground: Ground, whose: str) -> dict[str, Any]:
    facts = Protocol.objects.get(therapy__code=ground.therapy, version=1).content
    return {"based_on": 1, "facts": {**facts, "review_due": "on every label change"}, "reason": "A new date."}


def a_label_change(ground: Ground, whose: str) -> dict[str, Any]:
    return {"what": "A new warning", "source": "Letter of the maker", "changed_on": in_days(ground, -2)}


def an_order(ground: Ground, whose: str) -> dict[str, Any]:
    return {
        "therapy": "ublituximab", "version": 1, "path": "standard", "first_on": in_days(ground, 30),
        "indication": "Relapsing MS", "sign": True,
    }  # fmt: skip


def new_days(ground: Ground, whose: str) -> dict[str, Any]:
    return {
        "days": {str(ground.of("dose_id", whose)): in_days(ground, 24)},
        "reason": "Holiday",
        "confirm": True,
    }


def a_check(ground: Ground, whose: str) -> dict[str, Any]:
    return {"check": CHECKS[whose], "done_on": in_days(ground, -1)}


def put_off(ground: Ground, whose: str) -> dict[str, Any]:
    return {"reason": "infection", "owner": "nurse", "recheck_on": in_days(ground, 3)}


def told(ground: Ground, whose: str) -> dict[str, Any]:
    return {"doses_given": 3, "last_on": in_days(ground, -200), "lifetime_mg_m2": "36"}


def a_measure(ground: Ground, whose: str) -> dict[str, Any]:
    return {"weight_kg": "70.5", "height_cm": "171", "measured_on": in_days(ground, -1)}


def people_mid_course(ground: Ground, whose: str) -> dict[str, Any]:
    return {"rows": "name,date_of_birth,therapy\nNora Novak,1990-01-31,rituximab", "keep": False}


CHECKS = {MAYA: "ocrelizumab_iv.mon.mri_brain", SAMUEL: "natalizumab.mon.clinical_pml_assessment"}
A_CARER = {
    "email": "friend@example.com",
    "called": "Kim",
    "relation": "my friend",
    "scopes": ["appointments"],
}
A_PROFILE = {"name": "Alex Example", "preferred_name": "", "phone": "", "contact_note": ""}
A_LOOK = {"theme": "dusk", "text_size": 150, "contrast": "more", "font": "device", "pace": "one"}
a_mailing: Body = lambda ground, whose: {  # noqa: E731
    "patients": [str(ground.of("patient_id", whose))],
    "topic": "visit",
    "text": "We are closed tomorrow.",
}
STRANGERS_AT_WORK = of(IN_EMERGENCY)
A_REQUEST = {"appointment_id": "requested_appointment"}
DRAFTED = {"version": 1, "kind": "message", "fields": {"text": ["Half"]}}

API_ROWS: list[ApiRow] = [
    # Learn: the same for everybody
    reads("education-api:topic-list", EVERYBODY, about=False),
    reads("education-api:article-list", EVERYBODY, about=False),
    reads("education-api:article-search", EVERYBODY, about=False, query=lambda ground, whose: "q=infusion"),
    reads("education-api:article-detail", EVERYBODY, about=False),
    # Appointments
    reads("scheduling-api:service-list", RECORD),
    reads("scheduling-api:start-list", RECORD, query=lambda ground, whose: f"service={service(ground)}"),
    ApiRow("scheduling-api:appointment-list", {"GET": Can(RECORD), "POST": Can(RECORD, 201, a_visit)}),
    reads("scheduling-api:appointment-detail", RECORD),
    acts(
        "scheduling-api:appointment-change",
        RECORD,
        lambda ground, whose: {**a_time(ground, whose), "version": 0},
    ),
    acts("scheduling-api:appointment-cancel", RECORD, sends(reason="Too far")),
    reads("scheduling-api:day", TEAMS, about=False),
    # Infusion times: the team answers; an emergency lets somebody book, not answer for the team
    reads("scheduling-api:infusion", RECORD),
    reads("scheduling-api:infusion-start-list", RECORD),
    acts("scheduling-api:infusion-request", RECORD, an_infusion, status=201),
    reads("scheduling-api:request-list", TEAMS, about=False),
    acts(
        "scheduling-api:request-confirm",
        OF_TEAM,
        sends(words="Come by the side door."),
        refused=STRANGERS_AT_WORK,
        instead=A_REQUEST,
    ),
    acts(
        "scheduling-api:request-decline",
        OF_TEAM,
        sends(words="Please call us."),
        refused=STRANGERS_AT_WORK,
        instead=A_REQUEST,
    ),
    acts("scheduling-api:request-withdraw", RECORD, instead=A_REQUEST),
    reads("scheduling-api:chairs", TEAMS, about=False),
    ApiRow(  # nothing runs late on the ground
        "scheduling-api:running-late",
        {"POST": Can(TEAMS, 404)},
        about=False,
        instead={"appointment_id": "infusion_appointment"},
    ),
    # Journal: nobody but the patient writes; carers with it read it, the team reads what is shared
    ApiRow("journal-api:entry-list", {"GET": Can(of(SELF, JOURNAL_CARERS, READERS))}),
    ApiRow("journal-api:entry-detail", {"GET": Can(of(SELF, JOURNAL_CARERS, READERS))}),
    ApiRow("journal-api:entry-history", {"GET": Can(SELF)}, about=False),
    ApiRow("journal-api:entry-take-back", {"POST": Can(SELF)}, about=False),
    ApiRow("journal-api:entry-share", {"POST": Can(SELF)}, about=False),
    ApiRow("journal-api:entry-stop-sharing", {"POST": Can(SELF)}, about=False),
    ApiRow(
        "journal-api:trackers",
        {"GET": Can(OWN), "PUT": Can(OWN, 200, sends(codes=["tiredness"]))},
        about=False,
    ),
    reads("journal-api:sharing", OWN, about=False),
    ApiRow("journal-api:sharing-start", {"POST": Can(OWN)}, about=False),
    ApiRow("journal-api:sharing-stop", {"POST": Can(OWN)}, about=False),
    ApiRow("journal-api:sharing-stop-all", {"POST": Can(OWN)}, about=False),
    reads("journal-api:charts", of(SELF, JOURNAL_CARERS, READERS)),
    reads("journal-api:charts-by-cycle", TREATED),  # carers do not see treatment
    ApiRow(
        "journal-api:report-list",
        {"GET": Can(OWN), "POST": Can(OWN, 201, sends(why="A short visit."))},
        about=False,
    ),
    ApiRow(
        "journal-api:report-detail",
        {"GET": Can(SELF), "PUT": Can(SELF, 200, sends(why="A longer visit."))},
        about=False,
    ),
    ApiRow("journal-api:report-approve", {"POST": Can(SELF)}, about=False),
    ApiRow("journal-api:report-share", {"POST": Can(SELF, 200, sends(visit=None))}, about=False),
    ApiRow("journal-api:report-withdraw", {"POST": Can(SELF)}, about=False),
    reads("journal-api:report-pdf", SELF, about=False),
    reads("journal-api:shared-report-list", READERS),
    reads("journal-api:shared-report-detail", READERS),
    reads("journal-api:shared-report-pdf", READERS),
    reads("patients-api:first", TEAMS, about=False),
    ApiRow(
        "patients-api:problem-seen",
        {"POST": Can(OF_TEAM, 204, sends(key="infusion", mark="0" * 64), STRANGERS_AT_WORK)},
        about=False,
    ),
    # Messages
    ApiRow(
        "messaging-api:thread-list",
        {
            "GET": Can(RECORD),
            "POST": Can(of(SIDE, OF_TEAM), 201, sends(topic="question", text="May I swim?")),
        },
    ),
    reads("messaging-api:thread-detail", RECORD),
    ApiRow(
        "messaging-api:message-list",
        {
            "GET": Can(RECORD),
            "POST": Can(of(SIDE, OF_TEAM), 201, sends(text="And run?", seen_seq=99), STRANGERS_AT_WORK),
        },
    ),
    acts(
        "messaging-api:take-back", SELF, instead={"thread_id": "fresh_thread", "message_id": "fresh_message"}
    ),
    reads("messaging-api:question-list", RECORD),
    ApiRow(
        "messaging-api:question-sign",
        {
            "POST": Can(
                PRESCRIBERS,
                409,  # signed already in these tests
                sends(version=1),
                everyone(*(person for person in CLINICIANS if person != "neurologist")),
            )
        },
        about=False,
    ),
    acts("messaging-api:thread-seen", RECORD, sends(seq=1)),
    acts("messaging-api:thread-close", SIDE, sends(seen_seq=99)),
    reads("messaging-api:work", READERS),
    acts("messaging-api:claim", OF_TEAM, refused=STRANGERS_AT_WORK),
    acts("messaging-api:release", OF_TEAM, refused=STRANGERS_AT_WORK),
    acts("messaging-api:finish", OF_TEAM, sends(outcome="no_reply", seen_seq=99), refused=STRANGERS_AT_WORK),
    ApiRow(
        "messaging-api:note-list",
        {"GET": Can(OF_TEAM), "POST": Can(OF_TEAM, 201, sends(text="Asked twice."), STRANGERS_AT_WORK)},
    ),
    ApiRow(
        "messaging-api:mailing-list",
        {"POST": Can(OF_TEAM, 201, a_mailing)},
        about=False,
    ),
    reads("messaging-api:mailing-detail", everyone("nurse"), about=False),
    ApiRow(
        "messaging-api:made-list",
        {
            "GET": Can(RECORD),
            "POST": Can(OF_TEAM, 201, sends(kind="question", words="Which day?"), STRANGERS_AT_WORK),
        },
    ),
    acts("messaging-api:made-settle", of(SELF, OF_TEAM), sends(yes=True), refused=STRANGERS_AT_WORK),
    acts(
        "messaging-api:call",
        OF_TEAM,
        sends(how="phone", text="A later time, please."),
        status=201,
        refused=STRANGERS_AT_WORK,
    ),
    acts(
        "messaging-api:first-words",
        OF_TEAM,
        sends(topic="visit", text="We are closed tomorrow."),
        status=201,
        refused=STRANGERS_AT_WORK,
    ),
    acts(
        "messaging-api:message-correct",
        OF_TEAM,
        sends(text="At 9, not at 8.", reason="Sent in error", seen_seq=99),
        status=201,
        refused=IN_EMERGENCY,
        instead={"thread_id": "answered_thread"},
    ),
    reads("messaging-api:search", RECORD, query=lambda ground, whose: "q=blanket"),
    reads("messaging-api:copy", RECORD),
    reads("messaging-api:copy-pdf", RECORD),
    acts("messaging-api:helped", SIDE, sends(value="partly"), instead={"thread_id": "answered_thread"}),
    reads("messaging-api:helped-counts", TEAMS, about=False),
    reads("messaging-api:thread-files", RECORD),
    ApiRow(
        "messaging-api:file-list",
        {"GET": Can(RECORD), "POST": Can(of(SIDE, OF_TEAM), 201, a_file, IN_EMERGENCY)},
    ),
    ApiRow(
        "messaging-api:file-detail",
        {"GET": Can(SELF), "DELETE": Can(SELF, 204)},
        instead={"file_id": "waiting_file"},
    ),
    reads("messaging-api:file-content", RECORD),
    reads("messaging-api:work-list", TEAMS, about=False),
    ApiRow(
        "messaging-api:template-list",
        {"GET": Can(TEAMS), "POST": Can(TEAMS, 201, sends(title="Thanks", text="Thank you for [what]."))},
        about=False,
    ),
    reads("messaging-api:template-detail", TEAMS, about=False),
    ApiRow(
        "messaging-api:template-decide",
        {"POST": Can(TEAMS, 200, sends(decision="retire"))},
        about=False,
    ),
    acts(
        "messaging-api:hand-over",
        OF_TEAM,
        sends(lane="logistics", reason="A date."),
        refused=STRANGERS_AT_WORK,
    ),
    reads("messaging-api:history", READERS),
    reads("messaging-api:call-list", TEAMS, about=False),
    acts("messaging-api:called", OF_TEAM, sends(result="not_reached"), refused=STRANGERS_AT_WORK),
    ApiRow(
        "messaging-api:on-call-list",
        {"GET": Can(TEAMS), "POST": Can(LEADS, 201, an_on_call, NO_LEADS)},
        about=False,
    ),
    ApiRow("messaging-api:on-call-end", {"POST": Can(LEADS, refused=NO_LEADS)}, about=False),
    ApiRow(
        "messaging-api:absence-list",
        {"GET": Can(TEAMS), "POST": Can(LEADS, 201, an_absence, NO_LEADS)},
        about=False,
    ),
    ApiRow("messaging-api:absence-end", {"POST": Can(LEADS, refused=NO_LEADS)}, about=False),
    # Treatment: the patient and the team, never carers; therapies with their sources are for the team
    reads("treatment-api:therapy-list", TEAMS, about=False),
    reads("treatment-api:sign-list", TREATED),
    ApiRow(
        "treatment-api:self-check-list",
        {"GET": Can(TREATED), "POST": Can(SELF, 201, sends(none=True), READERS)},
    ),
    acts(
        "treatment-api:self-check-review",
        everyone("nurse", "neurologist"),
        refused=of(IN_EMERGENCY, everyone("pharmacist")),
    ),
    reads("treatment-api:journey", TREATED),
    reads("treatment-api:infusion-day", RECORD),
    reads("treatment-api:after-care", TREATED),
    reads("treatment-api:card", TREATED),
    reads("treatment-api:card-pdf", TREATED),
    reads("treatment-api:check-in-list", TREATED),
    acts("treatment-api:check-in-answer", SELF, sends(none=True), status=201, refused=READERS),
    ApiRow("treatment-api:life-plan-list", {"GET": Can(SELF), "POST": Can(SELF, 201, sends(kind="travel"))}),
    ApiRow(
        "treatment-api:life-plan-detail",
        {"GET": Can(SELF), "PUT": Can(SELF, 200, sends(kind="travel", version=1))},
    ),
    acts("treatment-api:life-plan-end", SELF, status=204),
    acts("treatment-api:life-plan-question", SELF),
    reads("treatment-api:ledger", TREATED),
    ApiRow(
        "treatment-api:result-list",
        {"GET": Can(TREATED), "POST": Can(OF_TEAM, 201, a_result, of(SELF, IN_EMERGENCY))},
    ),
    reads("treatment-api:result-detail", TREATED, instead={"result_id": "released_result"}),
    # Who entered it may not check it.
    acts(
        "treatment-api:result-look",
        everyone("nurse", "pharmacist"),
        refused=of(everyone("neurologist"), IN_EMERGENCY),
    ),
    acts(
        "treatment-api:result-release",
        OF_TEAM,
        sends(note="Nothing new."),
        refused=IN_EMERGENCY,
        instead={"result_id": "looked_result"},
    ),
    acts("treatment-api:result-correct", OF_TEAM, a_correction, status=201, refused=IN_EMERGENCY),
    acts("treatment-api:result-withdraw", OF_TEAM, sends(why="Not hers."), status=201, refused=IN_EMERGENCY),
    acts("treatment-api:result-seen", SELF, refused=READERS, instead={"result_id": "released_result"}),
    ApiRow(
        "treatment-api:decision-list",
        {"GET": Can(TREATED), "POST": Can(PRESCRIBERS, 201, a_decision, NO_PRESCRIBERS)},
    ),
    ApiRow(
        "treatment-api:ledger-owner",
        {"GET": Can(READERS), "POST": Can(OF_TEAM, 200, sends(team=None, reason="Lakeside"), IN_EMERGENCY)},
    ),
    reads("treatment-api:overdue", TEAMS, about=False),
    ApiRow("patients-api:team-end", {"POST": Can(OF_TEAM, 409, refused=IN_EMERGENCY)}, about=False),
    ApiRow("treatment-api:plan-preview", {"POST": Can(EVERYBODY, 200, a_plan)}, about=False),
    reads("treatment-api:therapy-detail", TEAMS, about=False),
    ApiRow(
        "treatment-api:version-list",
        {"GET": Can(TEAMS), "POST": Can(everyone(*TEAM), 201, a_version, NO_EDITORS)},
        about=False,
        instead={"code": "therapy"},
    ),
    ApiRow(
        "treatment-api:label-change-list",
        {"GET": Can(TEAMS), "POST": Can(everyone(*TEAM), 201, a_label_change, NO_EDITORS)},
        about=False,
    ),
    reads("treatment-api:label-change-detail", TEAMS, about=False),
    ApiRow(
        "treatment-api:label-change-move",
        {
            "POST": Can(
                PRESCRIBERS,
                200,
                lambda ground, whose: {
                    "version": 2,
                    "courses": [str(ground.of("open_course", whose))],
                    "reason": "The label",
                },
                everyone("nurse", "pharmacist", "elsewhere", "emergency"),
            )
        },
        about=False,
    ),
    ApiRow(
        "treatment-api:label-change-tell",
        {"POST": Can(everyone(*TEAM), 200, sends(text="There is news about a medicine."), NO_EDITORS)},
        about=False,
    ),
    reads("treatment-api:version-detail", TEAMS, about=False),
    ApiRow(
        "treatment-api:version-sign",
        {"POST": Can(everyone(*TEAM), 200, sends(read=True), everyone("elsewhere", "emergency"))},
        about=False,
    ),
    # Only a neurologist orders and moves; proposals are for the team until they are confirmed.
    ApiRow(
        "treatment-api:course-list",
        {"GET": Can(TREATED), "POST": Can(PRESCRIBERS, 201, an_order, of(SELF, NO_PRESCRIBERS))},
    ),
    reads("treatment-api:course-detail", TREATED),
    acts("treatment-api:course-end", PRESCRIBERS, sends(reason="Changed."), refused=NO_PRESCRIBERS),
    ApiRow(
        "treatment-api:course-dates",
        {"GET": Can(READERS), "POST": Can(PRESCRIBERS, 200, new_days, NO_PRESCRIBERS)},
    ),
    ApiRow(
        "treatment-api:course-phase",
        {
            "GET": Can(READERS),
            "POST": Can(  # a second course a month after the first would be too early
                PRESCRIBERS,
                422,
                lambda ground, whose: {"first_on": in_days(ground, 60), "reason": "x"},
                NO_PRESCRIBERS,
            ),
        },
        instead={"course_id": "open_course"},
    ),
    ApiRow(
        "treatment-api:course-checks",
        {"GET": Can(TREATED), "POST": Can(READERS, 200, a_check, SELF)},
    ),
    reads("treatment-api:dose-list", TREATED),
    reads("treatment-api:dose-detail", TREATED),
    acts("treatment-api:dose-given", READERS, given, refused=SELF),
    acts(
        "treatment-api:dose-missed", READERS, sends(reason="A cold."), status=422, refused=SELF
    ),  # its time has not come
    # The team puts doses off and writes what was given elsewhere; a pause is a prescriber's.
    acts("treatment-api:dose-put-off", READERS, put_off, refused=SELF),
    acts("treatment-api:dose-go-ahead", READERS, refused=SELF, instead={"dose_id": "waiting_dose"}),
    ApiRow(  # the dose of the ground has not been given: nothing showed after it
        "treatment-api:dose-reactions",
        {
            "GET": Can(READERS),
            "POST": Can(READERS, 409, sends(since="2026-01-05", grade=1, words="Itching at home.")),
        },
    ),
    ApiRow(
        "treatment-api:dose-drug",
        {"GET": Can(READERS), "POST": Can(READERS, 200, sends(kind="returned", note="Not needed"))},
    ),
    ApiRow(
        "treatment-api:dose-chair",
        {"GET": Can(READERS), "POST": Can(READERS, 201, sends(kind="vitals", pulse=78))},
        instead={"dose_id": "running_dose"},
    ),
    acts(
        "treatment-api:dose-chair-correct",
        READERS,
        sends(pulse=79, why="A slip."),
        status=201,
        instead={"dose_id": "running_dose", "row_id": "running_row"},
    ),
    acts(
        "treatment-api:dose-chair-close",
        READERS,
        sends(extent="whole"),
        instead={"dose_id": "ended_dose"},
    ),
    reads("treatment-api:dose-chair-day", TREATED, instead={"dose_id": "chair_dose"}),
    acts("treatment-api:course-pause", PRESCRIBERS, sends(reason="Surgery."), refused=NO_PRESCRIBERS),
    acts(
        "treatment-api:course-resume",
        PRESCRIBERS,
        lambda ground, whose: {"first_on": in_days(ground, 50), "reason": "It is over.", "confirm": True},
        refused=NO_PRESCRIBERS,
        instead={"course_id": "paused_course"},
    ),
    reads("treatment-api:course-counts", TREATED),
    ApiRow(
        "treatment-api:elsewhere-list",
        {"GET": Can(TREATED), "POST": Can(READERS, 201, sends(therapy="rituximab", doses_given=2), SELF)},
    ),
    acts(
        "treatment-api:elsewhere-confirm",
        everyone("nurse", "neurologist"),
        told,
        refused=of(SELF, IN_EMERGENCY, everyone("pharmacist")),
    ),
    acts("treatment-api:elsewhere-withdraw", READERS, refused=SELF),
    acts("treatment-api:elsewhere-booking", READERS, sends(how="aside"), refused=SELF),
    ApiRow("treatment-api:measure-list", {"GET": Can(TREATED), "POST": Can(READERS, 201, a_measure, SELF)}),
    ApiRow("treatment-api:import", {"POST": Can(TEAMS, 200, people_mid_course)}, about=False),
    acts("treatment-api:item", TREATED, sends(done=True)),
    ApiRow(
        "treatment-api:item-notes",
        {"GET": Can(TREATED), "POST": Can(TREATED, 200, sends(state="open", text="Not yet"))},
    ),
    reads("treatment-api:dose-readiness", TREATED),
    reads("treatment-api:dose-questions", TREATED),
    ApiRow("treatment-api:dose-answers", {"GET": Can(TREATED), "POST": Can(TREATED, 201, a_fever)}),
    reads("treatment-api:answer-detail", TREATED),
    acts(
        "treatment-api:answer-review", OF_TEAM, sends(agreed="We talked.", lift=False), refused=IN_EMERGENCY
    ),
    acts(
        "treatment-api:answer-lift",
        everyone("nurse", "neurologist"),
        sends(reason="No fever since Monday."),
        refused=of(IN_EMERGENCY, everyone("pharmacist")),
        instead={"answer_id": "reviewed_answer"},
    ),
    reads("treatment-api:board", TEAMS, about=False),
    ApiRow(
        "treatment-api:allergy-list", {"GET": Can(TREATED), "POST": Can(TREATED, 201, sends(what="Latex"))}
    ),
    acts("treatment-api:allergy-none-known", TREATED, status=409),  # there is one in the list
    ApiRow(
        "treatment-api:allergy-detail",
        {"PUT": Can(TREATED, 200, sends(what="Latex", version=1))},
        instead={"line_id": "allergy"},
    ),
    acts("treatment-api:allergy-end", TREATED, sends(version=1), instead={"line_id": "allergy"}),
    reads("treatment-api:allergy-history", TREATED, instead={"line_id": "allergy"}),
    ApiRow(
        "treatment-api:medicine-list",
        {"GET": Can(TREATED), "POST": Can(TREATED, 201, sends(what="Vitamin D"))},
    ),
    ApiRow(
        "treatment-api:medicine-detail",
        {"PUT": Can(TREATED, 200, sends(what="Vitamin D", version=1))},
        instead={"line_id": "medicine"},
    ),
    acts("treatment-api:medicine-end", TREATED, sends(version=1), instead={"line_id": "medicine"}),
    reads("treatment-api:medicine-history", TREATED, instead={"line_id": "medicine"}),
    # Records that are open to a person; a patient is added by somebody of that team
    ApiRow(
        "patients-api:patient-list",
        {
            "GET": Can(EVERYBODY),
            "POST": Can(everyone(*TEAM), 201, a_patient, everyone("elsewhere", "emergency")),
        },
        about=False,
    ),
    reads("patients-api:patient-detail", READERS, about=False),
    reads("patients-api:team-list", TEAMS, about=False),
    reads("patients-api:draft-list", EVERYBODY, about=False),
    ApiRow(
        "patients-api:emergency",
        {
            "GET": Can(TEAMS),
            "POST": Can(
                TEAMS,
                200,
                sends(email="other-patient@example.com", reason="Found unwell in the hall"),
                in_session=True,
            ),
        },
        about=False,
    ),
    # The patient's own
    ApiRow("patients-api:profile", {"GET": Can(OWN), "PUT": Can(OWN, 200, sends(**A_PROFILE))}, about=False),
    reads("patients-api:access", OWN, about=False),
    reads("patients-api:trail", OWN, about=False),
    ApiRow(
        "patients-api:carer-list",
        {
            "GET": Can(OWN),
            "POST": Can(OWN, 201, lambda ground, whose: {**A_CARER, "last_day": f"{now().year + 1}-06-30"}),
        },
        about=False,
    ),
    ApiRow("patients-api:carer-end", {"POST": Can(SELF)}, about=False),
    ApiRow(
        "patients-api:question-list",
        {"GET": Can(OWN), "POST": Can(OWN, 201, sends(text="May I swim?"))},
        about=False,
    ),
    ApiRow(
        "patients-api:question-detail",
        {
            "GET": Can(SELF),
            "PUT": Can(SELF, 200, sends(text="May I swim?", answer="Yes.", asked=True)),
            "DELETE": Can(SELF, 204),
        },
        about=False,
    ),
    ApiRow("patients-api:question-move", {"POST": Can(SELF, 200, sends(up=True))}, about=False),
    # One's own account
    ApiRow(
        "accounts-api:display",
        {"GET": Can(EVERYBODY), "PUT": Can(EVERYBODY, 200, sends(**A_LOOK))},
        about=False,
    ),
    reads("accounts-api:program-list", EVERYBODY, about=False),
    ApiRow("accounts-api:program-end", {"POST": Can(SELF)}, about=False),
]

# Writing on addresses that carers and the team read too: the patient alone, without `?patient=`, which a writing method does not know.
OWN_WRITES: list[tuple[str, str, Can]] = [
    ("journal-api:entry-list", "POST", Can(OWN, 201, an_entry)),
    ("journal-api:entry-detail", "PUT", Can(SELF, 200, a_change)),
]

__all__ = ["API_ROWS", "MAYA", "OWN_WRITES", "SAMUEL", "ApiRow", "Can"]
