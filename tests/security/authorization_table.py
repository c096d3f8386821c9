"""Who gets which answer from every address, written by hand from the rules and not from what the code answers.

The rules: nobody signed in is led to sign-in (302; the API says 401). Not yours, or your access does not reach this part of the
record: 404, as if it did not exist. Yours to see but not to change: 403. A form that is filled in right: 302; one that is empty: 422.
A method that an address does not have: 405, which says nothing about anybody.

`ROWS` has a row for each address outside the prefixes; tests/security/test_authorization.py fails for a missing and for a stale one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from portal.lib.ids import uuid7
from portal.lib.time import now as present
from portal.lib.time import today_in
from tests.registry.ground import Ground
from tests.registry.people import ANONYMOUS, CLINICIANS, MAYA, OFFICE, PATIENTS, SAMUEL, SIGNED_IN, TEAM

# Who may do what with the record of one patient.
SELF = {MAYA: (MAYA,), SAMUEL: (SAMUEL,)}
CARERS = {MAYA: ("carer", "journal-carer"), SAMUEL: ()}  # both may see appointments and messages
JOURNAL_CARERS = {MAYA: ("journal-carer",), SAMUEL: ()}
OF_TEAM = {MAYA: TEAM, SAMUEL: TEAM}
IN_EMERGENCY = {MAYA: ("emergency",), SAMUEL: ()}

Body = Callable[[Ground, str], dict[str, Any]]
Status = int | tuple[int, ...]
NOTHING: Body = lambda ground, whose: {}  # noqa: E731


def _once(**more: Any) -> Body:
    return lambda ground, whose: {"once": str(uuid7()), **more}


def _form(**more: Any) -> Body:
    return lambda ground, whose: {"draft": str(uuid7()), "draft_version": "0", **more}


def _entry(**more: Any) -> Body:
    return lambda ground, whose: _form(share="private", day=ground.query["today"], **more)(ground, whose)


@dataclass(frozen=True)
class Row:
    """`reads` and `writes`: the status of GET and POST for the people who may; everybody else gets `stranger`, nobody `nobody`.

    An address without GET or POST says so with None: 405 for everyone signed in. `exceptions` are (person, method) -> status.
    """

    name: str
    may: dict[str, tuple[str, ...]]
    reads: Status | None = 200
    writes: Status | None = None
    body: Body = NOTHING
    stranger: Status = 404
    nobody: Status = 302
    exceptions: dict[tuple[str, str], Status] = field(default_factory=dict)
    query: str = ""
    instead: dict[str, str] = field(default_factory=dict)
    guarded: bool = False  # strangers are turned away before the method is looked at

    def expected(self, method: str, person: str, whose: str) -> Status:
        """The status for one person and one method, on the things of one patient."""
        if (person, method) in self.exceptions:
            return self.exceptions[person, method]
        if person == ANONYMOUS:
            return self.nobody
        status = self.reads if method == "GET" else self.writes
        if status is None and not (self.guarded and person not in self.may[whose]):
            return 405
        return status if status is not None and person in self.may[whose] else self.stranger


def everyone(*people: str) -> dict[str, tuple[str, ...]]:
    """The same people whoever's things it is about."""
    return {MAYA: people, SAMUEL: people}


def of(*groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {whose: tuple(person for group in groups for person in group[whose]) for whose in PATIENTS}


def public(
    name: str, *, reads: Status | None = 200, writes: Status | None = None, body: Body = NOTHING
) -> Row:
    """Open to everybody, signed in or not."""
    nobody = {(ANONYMOUS, "GET"): reads or 405, (ANONYMOUS, "POST"): writes or 405}
    return Row(name, everyone(*SIGNED_IN), reads, writes, body, exceptions=nobody)


def signed_in(
    name: str, *, reads: Status | None = 200, writes: Status | None = None, body: Body = NOTHING, **more: Any
) -> Row:
    """Open to everybody who is signed in."""
    return Row(name, everyone(*SIGNED_IN), reads, writes, body, **more)


def entrance(name: str, *, writes: Status) -> Row:
    """For people who are not signed in; the others are led on to Today."""
    nobody: dict[tuple[str, str], Status] = {(ANONYMOUS, "GET"): 200, (ANONYMOUS, "POST"): writes}
    return Row(name, everyone(*SIGNED_IN), 302, 302, exceptions=nobody)


def own(
    name: str, *, reads: Status | None = 200, writes: Status | None = None, body: Body = NOTHING, **more: Any
) -> Row:
    """A patient's own page without a patient's id in its address: there only for that patient."""
    return Row(name, SELF, reads, writes, body, **more)


def own_start(
    name: str, *, reads: Status | None = 200, writes: Status | None = None, body: Body = NOTHING, **more: Any
) -> Row:
    """A patient's own page that names no thing at all: each patient sees their own."""
    return Row(name, everyone(*PATIENTS), reads, writes, body, **more)


def clinicians(name: str, *, writes: Status | None = None) -> Row:
    """For everybody who works in a team, about what that person may see."""
    return Row(name, everyone(*CLINICIANS), 200, writes)


SIDE = of(SELF, CARERS)
RECORD = of(SELF, CARERS, OF_TEAM, IN_EMERGENCY)
READERS = of(OF_TEAM, IN_EMERGENCY)
ONLY_READS: dict[tuple[str, str], Status] = {
    ("emergency", "POST"): 403
}  # sees it, may not answer for the team


def _a_call(ground: Ground, whose: str) -> dict[str, Any]:
    year, month, day = ground.query["today"].split("-")
    words = {"how": "phone", "topic": "visit", "lane": "topic", "text": "A later time, please.", "seen": "99"}
    when = {"day_day": day, "day_month": month, "day_year": year}
    return {"draft": str(uuid7()), "draft_version": "0", **words, **when}


def _an_article(ground: Ground, whose: str) -> dict[str, Any]:
    return {"path": ground.url("education:article", ("slug",), whose)}


def _a_template(ground: Ground, whose: str) -> dict[str, Any]:
    return {"once": str(uuid7()), "title": "Thank you", "body": "Thank you for [what].", "who": "all"}


# Sees the rota, does not keep it.
NO_LEAD: dict[tuple[str, str], Status] = {("nurse", "POST"): 403, ("pharmacist", "POST"): 403}


def _days(name: str, ahead: int) -> dict[str, str]:
    day = present().date() + timedelta(days=ahead)
    return {f"{name}_day": str(day.day), f"{name}_month": str(day.month), f"{name}_year": str(day.year)}


def _on_call(ground: Ground, whose: str) -> dict[str, Any]:
    who = str(ground.users["nurse"].pk)
    days = {**_days("starts_on", 100), **_days("ends_on", 101)}
    return {"once": str(uuid7()), "who": who, "starts": "17:00", "ends": "08:00", **days}


def _absence(ground: Ground, whose: str) -> dict[str, Any]:
    people = {"who": str(ground.users["neurologist"].pk), "cover": str(ground.users["nurse"].pk)}
    return {"once": str(uuid7()), **people, **_days("starts_on", 100), **_days("ends_on", 101)}


def _other_time(ground: Ground, whose: str) -> dict[str, Any]:
    return {
        "once": str(uuid7()),
        "slot": ground.query[f"infusion-{whose}"].removeprefix("at="),
        "words": "A day later.",
    }


def _helped(ground: Ground, whose: str) -> dict[str, Any]:
    return {"once": str(uuid7()), "message": str(ground.of("message_id", whose)), "value": "partly"}


def _visits() -> list[Row]:
    """Appointments: the patient's own addresses, and those with the patient's id for carers and the team."""
    rows = []

    def slot(ground: Ground, whose: str) -> dict[str, Any]:
        at = ground.query[f"slot-{whose}"].split("at=")[1]
        return {"slot": at, "version": "0", "once": str(uuid7())}

    def wish(ground: Ground, whose: str) -> dict[str, Any]:
        return {"slot": ground.query[f"infusion-{whose}"].removeprefix("at=")}

    pages: list[tuple[str, Status | None, Body, str, dict[str, str]]] = [
        ("list", None, NOTHING, "", {}),
        ("book", 302, lambda ground, whose: {"visit": ground.query["visit"].split("=")[1]}, "", {}),
        ("book-suits", 302, lambda ground, whose: {"suits": "any"}, "visit", {}),
        ("book-when", 302, lambda ground, whose: {"slot": ground.query[f"offered-{whose}"]}, "days", {}),
        ("book-check", 302, _form(reason=""), "slot", {}),
        ("detail", None, NOTHING, "", {}),
        ("booked", None, NOTHING, "", {}),
        ("change", 302, slot, "", {}),
        ("changed", None, NOTHING, "", {}),
        ("cancel", 302, _once(reason="Too far"), "", {}),
        ("cancelled", None, NOTHING, "", {"appointment_id": "cancelled_appointment"}),
        ("ics", None, NOTHING, "", {}),
        ("infusion", None, NOTHING, "", {}),
        ("infusion-when", 302, wish, "", {}),
        ("infusion-check", 302, _form(reason=""), "infusion", {}),
        ("infusion-asked", None, NOTHING, "", {"appointment_id": "requested_appointment"}),
        ("infusion-withdraw", 302, _once(), "", {"appointment_id": "requested_appointment"}),
    ]
    starts = ("list", "infusion", "infusion-when", "infusion-check")
    for name, writes, body, query, instead in pages:
        mine = own_start if name in starts or (name.startswith("book") and name != "booked") else own
        rows.append(mine(f"scheduling:{name}", writes=writes, body=body, query=query, instead=instead))
        rows.append(
            Row(f"scheduling:patient-{name}", RECORD, 200, writes, body, query=query, instead=instead)
        )
    return rows


def _on(**days: int) -> dict[str, str]:
    """Parts of date fields, some days from today on the demo center's calendar."""
    parts: dict[str, str] = {}
    for name, ahead in days.items():
        day = today_in(present(), "America/New_York") + timedelta(days=ahead)
        parts |= {f"{name}_day": str(day.day), f"{name}_month": str(day.month), f"{name}_year": str(day.year)}
    return parts


def _dated(days: dict[str, int], **more: Any) -> Body:
    return lambda ground, whose: {**_form(**more)(ground, whose), **_on(**days)}


def _treatment() -> list[Row]:
    """The patient's own pages, the team's about a patient, and the therapies. Only a neurologist orders and moves."""
    entry = _form(what="Nuts", more="", version="1")
    no_prescriber: dict[tuple[str, str], Status] = {
        (person, method): 403 for person in ("nurse", "pharmacist", "emergency") for method in ("GET", "POST")
    }
    checks = {MAYA: "ocrelizumab_iv.mon.mri_brain", SAMUEL: "natalizumab.mon.clinical_pml_assessment"}

    not_in_emergency: dict[tuple[str, str], Status] = {("emergency", "GET"): 403, **ONLY_READS}
    result = _dated(
        {"taken_on": -1}, words="Nothing new", assay="Stratify JCV", mark="none", why="The wrong line"
    )

    def order(ground: Ground, whose: str) -> dict[str, Any]:
        more = {
            "plan": ground.query["plan"],
            "indication": "Relapsing MS",
            "sign": "on",
            "replaces": "beside",
        }
        return {**_form(**more)(ground, whose), **_on(first_on=30)}

    def check(ground: Ground, whose: str) -> dict[str, Any]:
        return {**_once(fact=checks[whose])(ground, whose), **_on(done_on=-1)}

    def measure(ground: Ground, whose: str) -> dict[str, Any]:
        return {**_once(weight_kg="70.5", height_cm="171")(ground, whose), **_on(measured_on=-1)}

    both: list[tuple[str, Status | None, Status | None, Body, dict[str, str]]] = [
        ("lists", 200, None, NOTHING, {}),
        ("allergy-add", 200, 302, entry, {}),
        ("allergy-none", None, 302, _once(), {}),
        ("allergy", 200, 302, entry, {}),
        ("allergy-end", None, 302, _once(version="1"), {}),
        ("medicine-add", 200, 302, entry, {}),
        ("medicine", 200, 302, entry, {}),
        ("medicine-end", None, 302, _once(version="1"), {}),
        ("item", None, 302, _once(done="1"), {}),
    ]
    rows = [own_start("treatment:home"), own_start("treatment:plan"), own_start("treatment:history")]
    rows += [Row(f"treatment:patient-{name}", READERS) for name in ("journey", "plan", "history")]
    for name, reads, writes, body, instead in both:
        mine = own_start if name in ("lists", "allergy-add", "allergy-none", "medicine-add") else own
        rows.append(mine(f"treatment:{name}", reads=reads, writes=writes, body=body, instead=instead))
        rows.append(Row(f"treatment:patient-{name}", READERS, reads, writes, body, instead=instead))
    given = _dated(
        {"given_on": 0}, given_at="00:01", reaction="no", extent="whole", although="Given before it was read"
    )
    rows += [
        own_start("treatment:self-check", writes=302, body=_form(none="on")),
        own("treatment:self-check-done"),
        own("treatment:self-check-write", reads=None, writes=302),
        Row("treatment:patient-self-check-done", READERS),
        Row(
            "treatment:patient-self-check-review",
            READERS,
            None,
            302,
            _once(),
            exceptions={**ONLY_READS, ("pharmacist", "POST"): 403},
        ),
        own_start("treatment:infusion-day"),
        Row("treatment:patient-infusion-day", of(CARERS, READERS)),
        own_start("treatment:after-care"),
        Row("treatment:patient-after-care", READERS),
        own_start("treatment:card"),
        Row("treatment:patient-card", READERS),
        own_start("treatment:card-pdf"),
        Row("treatment:patient-card-pdf", READERS),
        own("treatment:check-in", writes=302, body=_form(none="on")),
        own_start("treatment:life-plans"),
        own_start("treatment:life-plan-new", writes=302, body=_form(kind="vaccine")),
        own("treatment:life-plan"),
        own("treatment:life-plan-change", writes=302, body=_form(kind="vaccine")),
        own("treatment:life-plan-end", reads=None, writes=302, body=_once()),
        own("treatment:life-plan-question", reads=None, writes=302, body=_once()),
        own("treatment:life-plan-write", reads=None, writes=302),
        own("treatment:ready"),
        own("treatment:questions", writes=302, body=_form(q1="yes")),
        own("treatment:answer"),
        own("treatment:answer-write", reads=None, writes=302),
        own("treatment:item-note", writes=302, body=_form(state="open", text="Not yet")),
        Row("treatment:patient-ready", READERS),
        Row("treatment:patient-questions", READERS, 200, 302, _form(q1="yes", place="phone")),
        Row("treatment:patient-answer", READERS),
        Row(
            "treatment:patient-answer-review",
            READERS,
            200,
            302,
            _form(agreed="We talked", lift="no"),
            exceptions=ONLY_READS,
        ),
        Row(
            "treatment:patient-answer-lift",
            READERS,
            200,
            302,
            _form(reason="No fever since Monday"),
            exceptions={**ONLY_READS, ("pharmacist", "POST"): 403},  # nurses and neurologists lift
            instead={"answer_id": "reviewed_answer"},
        ),
        Row("treatment:patient-item-note", READERS, 200, 302, _form(state="open", text="Not yet")),
        clinicians("treatment:board"),
        own_start("treatment:ledger"),
        own("treatment:ledger-test"),
        Row("treatment:patient-ledger", READERS),
        Row("treatment:patient-ledger-test", READERS),
        Row("treatment:patient-result", READERS),
        # Who entered it may not check it.
        Row(
            "treatment:patient-result-look",
            READERS,
            None,
            302,
            _once(),
            exceptions={**ONLY_READS, ("neurologist", "POST"): 403},
        ),
        Row("treatment:patient-result-new", READERS, 200, 302, result, exceptions=not_in_emergency),
        Row(
            "treatment:patient-result-release",
            READERS,
            200,
            302,
            _form(note="Nothing new."),
            exceptions=not_in_emergency,
            instead={"result_id": "looked_result"},
        ),
        Row("treatment:patient-result-correct", READERS, 200, 302, result, exceptions=not_in_emergency),
        Row(
            "treatment:patient-result-withdraw",
            READERS,
            200,
            302,
            _form(why="Not hers", confirm="on"),
            exceptions=not_in_emergency,
        ),
        Row(
            "treatment:patient-ledger-decide",
            READERS,
            200,
            302,
            _form(applies="yes", every_months="", reason="Low before"),
            exceptions=no_prescriber,
        ),
        Row(
            "treatment:patient-ledger-owner",
            READERS,
            200,
            302,
            _form(team="elsewhere", reason="Lakeside Center"),
            exceptions=not_in_emergency,
        ),
        clinicians("treatment:overdue"),
        # Checks that go on hold the relation.
        Row("patients:team-end", READERS, 200, 409, _once(), exceptions=not_in_emergency),
        Row("treatment:patient-home", READERS),
        Row("treatment:patient-course", READERS),
        Row("treatment:patient-given", READERS, 200, 302, given),
        Row("treatment:patient-missed", READERS, 200, 422, _form(reason="A cold")),  # its time has not begun
        Row("treatment:patient-check", READERS, 200, 302, check),
        Row("treatment:patient-order", READERS, 200, 302, order, exceptions=no_prescriber),
        Row(
            "treatment:patient-dose-date",
            READERS,
            200,
            302,
            _dated({"day": 24}, reason="Holiday"),
            exceptions=no_prescriber,
        ),
        # Nothing is proposed; and a second course a month after the first would be too early.
        Row("treatment:patient-dates", READERS, 200, 422, _form(reason="x"), exceptions=no_prescriber),
        Row(
            "treatment:patient-phase",
            READERS,
            200,
            422,
            _dated({"day": 60}, reason="x"),
            exceptions=no_prescriber,
            instead={"course_id": "open_course"},
        ),
        Row("treatment:patient-end", READERS, 200, 302, _form(reason="Changed"), exceptions=no_prescriber),
        Row(
            "treatment:patient-postpone",
            READERS,
            200,
            302,
            _dated({"recheck_on": 3}, reason="infection", owner="nurse"),
        ),
        Row("treatment:patient-go-ahead", READERS, None, 302, _once(), instead={"dose_id": "waiting_dose"}),
        Row(
            "treatment:patient-review",
            READERS,
            200,
            302,
            _form(reason="Grade 3, settled", confirm="on"),
            exceptions=no_prescriber,
            instead={"dose_id": "waiting_dose"},
        ),
        Row(
            "treatment:patient-chair",
            READERS,
            200,
            302,
            _form(pulse="78"),
            query="note=vitals",
            instead={"dose_id": "running_dose"},
        ),
        Row(
            "treatment:patient-chair-press",
            READERS,
            None,
            302,
            _once(kind="stopped"),
            instead={"dose_id": "running_dose"},
        ),
        Row("treatment:patient-chair-news", READERS, instead={"dose_id": "watched_dose"}),
        Row(
            "treatment:patient-chair-correct",
            READERS,
            200,
            302,
            _form(pulse="79", why="A slip"),
            instead={"dose_id": "running_dose", "row_id": "running_row"},
        ),
        Row(
            "treatment:patient-chair-close",
            READERS,
            200,
            302,
            _form(extent="whole", although="She wanted it"),
            instead={"dose_id": "ended_dose"},
        ),
        Row("treatment:chair-day", SELF, instead={"dose_id": "chair_dose"}),
        Row(
            "treatment:patient-later-reaction",
            READERS,
            200,
            302,
            _dated({"since": 0}, grade="1", words="Itching at home"),
            instead={"dose_id": "chair_dose"},
        ),
        Row("treatment:patient-drug", READERS, 200, 302, _once(kind="returned", note="Not needed")),
        Row("treatment:patient-pause", READERS, 200, 302, _form(reason="Surgery"), exceptions=no_prescriber),
        Row(
            "treatment:patient-resume",
            READERS,
            200,
            302,
            _dated({"first_on": 50}, reason="It is over", confirm="on"),
            exceptions=no_prescriber,
            instead={"course_id": "paused_course"},
        ),
        Row("treatment:patient-elsewhere", READERS),
        Row(
            "treatment:patient-elsewhere-add", READERS, 200, 302, _form(therapy="rituximab", doses_given="2")
        ),
        Row(
            "treatment:patient-elsewhere-confirm",
            READERS,
            200,
            302,
            _dated({"last_on": -200}, doses_given="3", lifetime_mg_m2="36", confirmed="on"),
            exceptions={**ONLY_READS, ("pharmacist", "POST"): 403},  # nurses and neurologists confirm
        ),
        Row("treatment:patient-elsewhere-withdraw", READERS, None, 302, _once()),
        Row("treatment:patient-elsewhere-booking", READERS, None, 302, _once(how="aside")),
        Row("treatment:patient-measure", READERS, 200, 302, measure),
        clinicians("treatment:import", writes=422),  # without rows
        clinicians("treatment:therapies"),
        Row("treatment:therapy", everyone(*CLINICIANS), instead={"code": "therapy"}),
        Row("treatment:version", everyone(*CLINICIANS), instead={"code": "therapy"}),
        Row(
            "treatment:sign",
            everyone(*CLINICIANS),
            200,
            302,
            _once(read="on"),
            exceptions={("elsewhere", "POST"): 403, ("emergency", "POST"): 403},
            instead={"code": "therapy"},
        ),
        *_versions(),
    ]
    return rows


def _versions() -> list[Row]:
    """A next version of a therapy and a label change: read by everybody who works in a team, made by those whose role signs."""
    therapy = {"code": "therapy"}
    readers: dict[tuple[str, str], Status] = {(one, "POST"): 403 for one in ("elsewhere", "emergency")}
    strangers: dict[tuple[str, str], Status] = {
        (one, method): 403 for one in ("elsewhere", "emergency") for method in ("GET", "POST")
    }
    no_prescriber: dict[tuple[str, str], Status] = {
        **readers,
        ("nurse", "POST"): 403,
        ("pharmacist", "POST"): 403,
    }
    fact = {"text": "Known allergy to it", "source": "S1", "status": "sourced"}

    def change(ground: Ground, whose: str) -> dict[str, Any]:
        return {
            **_once(what="A new warning", source="Letter of the maker")(ground, whose),
            **_on(changed_on=-2),
        }

    return [
        Row("treatment:edit", everyone(*CLINICIANS), 200, 302, exceptions=readers, instead=therapy),
        Row(
            "treatment:edit-make",
            everyone(*CLINICIANS),
            200,
            302,
            _once(newest="1", reason="A new date of review", checked="on"),
            exceptions=strangers,
            instead=therapy,
        ),
        Row("treatment:edit-discard", everyone(*CLINICIANS), 200, 302, exceptions=strangers, instead=therapy),
        Row(
            "treatment:edit-add",
            everyone(*CLINICIANS),
            200,
            302,
            _once(**fact),
            exceptions=strangers,
            instead=therapy,
        ),
        # Whoever does not say what they saw is shown how it stands now.
        Row(
            "treatment:edit-fact",
            everyone(*CLINICIANS),
            200,
            409,
            _once(**fact),
            exceptions=strangers,
            instead=therapy,
        ),
        Row(
            "treatment:label-change-new",
            everyone(*CLINICIANS),
            200,
            302,
            change,
            exceptions=strangers,
            instead=therapy,
        ),
        Row("treatment:label-change", everyone(*CLINICIANS)),
        Row(
            "treatment:label-change-move",
            everyone(*CLINICIANS),
            None,
            422,
            _once(to="2", reason="As the label says"),
            exceptions=no_prescriber,
        ),
        Row(
            "treatment:label-change-tell",
            everyone(*CLINICIANS),
            None,
            302,
            _once(text="There is news about a medicine that you get here."),
            exceptions=readers,
        ),
    ]


ROWS: list[Row] = [
    # Everybody's
    public("portal:healthz"),
    public("portal:readyz"),
    public("portal:help"),
    public("portal:accessibility"),
    public("portal:privacy"),
    public(
        "accounts:display",
        writes=302,
        body=lambda ground, whose: {
            "text_size": "100",
            "theme": "day",
            "contrast": "device",
            "font": "portal",
            "pace": "all",
        },
    ),
    public("accounts:display-easier", reads=None, writes=302),
    # Today of people who write articles or set up the clinic is the editor's desk or the set-up pages.
    signed_in("portal:today", exceptions={(person, "GET"): 302 for person in OFFICE}),
    Row("portal:design", everyone("admin")),
    signed_in("accounts:home"),
    signed_in("accounts:session-extend", reads=None, writes=200),
    signed_in("accounts:programs"),
    own("accounts:program-end", reads=None, writes=302),
    # The API: its addresses are in tests/security/api_table.py
    signed_in("portal:api-schema", nobody=401),
    signed_in("portal:api-docs"),
    signed_in("portal:api-docs-noun"),
    # Signing in and the account, by allauth: an empty form is shown again with its errors
    entrance("account_login", writes=(200, 422)),
    entrance("account_request_login_code", writes=(200, 422)),
    entrance("account_signup", writes=200),
    public("account_confirm_login_code", reads=302, writes=302),  # nobody asked for a code in this session
    public("account_inactive"),
    public("account_reset_password", writes=(200, 422)),
    public("account_reset_password_done"),
    public("account_reset_password_from_key", writes=(200, 404, 422)),  # the key is wrong: the page says so
    public("account_reset_password_from_key_done"),
    public("account_email_verification_sent"),
    public("account_confirm_email", writes=(302, 404)),  # the key is wrong
    signed_in("account_logout", writes=302),
    signed_in("account_reauthenticate", writes=(200, 422)),
    signed_in("account_email", writes=(200, 302, 422)),
    signed_in("account_change_password", writes=(200, 422)),
    signed_in("account_set_password", reads=302, writes=302),
    signed_in("usersessions_list", writes=302),
    # Learn
    signed_in("education:home"),
    signed_in("education:search", query="q=infusion"),
    signed_in("education:topic", instead={"slug": "topic"}),
    signed_in("education:article"),
    # The patient's own record
    own_start(
        "patients:profile",
        writes=302,
        body=_form(name="Alex Example", phone="", preferred_name="", contact_note=""),
    ),
    own_start("patients:access"),
    own_start("patients:trail"),
    own_start("patients:carers"),
    own_start("patients:carer-add", writes=422),
    own("patients:carer-end", reads=None, writes=302, body=_once()),
    own_start("patients:questions", writes=302, body=_form(text="May I swim?")),
    own("patients:question-edit", writes=302, body=_form(text="May I swim?", answer="")),
    own("patients:question-move", reads=None, writes=302, body=_once(to="down")),
    own("patients:question-remove", reads=None, writes=302, body=_once()),
    own("patients:draft-drop", writes=302),
    # Two doors for everybody who works in a team
    clinicians("patients:enroll", writes=422),
    clinicians("patients:break-glass", writes=422),
    clinicians("patients:break-glass-open"),
    # Journal: nobody but the patient, a carer with that part opened, and the team for what is shared
    own_start("journal:home"),
    own_start("journal:new", writes=302, body=_entry(note="A walk.")),
    own_start("journal:symptoms", writes=302, body=lambda ground, whose: {"codes": ["tiredness"]}),
    own_start("journal:sharing"),
    own_start("journal:sharing-start", reads=None, writes=302, body=_once()),
    own_start("journal:sharing-stop", reads=None, writes=302, body=_once()),
    own_start("journal:sharing-stop-all", reads=None, writes=302, body=_once()),
    own_start("journal:charts"),
    own_start("journal:reports"),
    own_start("journal:report-new", writes=302, body=_form(why="A short visit.")),
    own("journal:report"),
    own("journal:report-change", writes=302, body=_form(why="A longer visit.")),
    own("journal:report-approve", reads=None, writes=302, body=_once()),
    own("journal:report-share", reads=None, writes=302, body=_once(visit="none")),
    own("journal:report-withdraw", reads=None, writes=302, body=_once()),
    own("journal:report-pdf"),
    own("journal:entry"),
    own("journal:saved"),
    own("journal:edit", writes=302, body=_entry(note="A longer walk.", version="1")),
    own("journal:undo", reads=None, writes=302, body=_once()),
    own("journal:share", reads=None, writes=302, body=_once()),
    own("journal:unshare", reads=None, writes=302, body=_once()),
    Row("journal:patient-home", JOURNAL_CARERS),
    Row("journal:patient-charts", JOURNAL_CARERS),
    Row("journal:shared", READERS),
    Row("journal:shared-charts", READERS),
    Row("journal:shared-report", READERS),
    Row("journal:shared-report-pdf", READERS),
    *_visits(),
    *(
        Row(
            f"scheduling:patient-infusion-{name}",
            READERS,
            reads,
            302,
            body,
            exceptions=ONLY_READS,
            instead={"appointment_id": "requested_appointment"},
        )
        for name, reads, body in (
            ("confirm", None, _once()),
            ("answer", 200, _other_time),
            ("decline", 200, _once(words="Please call us.")),
        )
    ),
    *_treatment(),
    clinicians("scheduling:day"),
    clinicians("scheduling:chairs"),
    Row(  # nothing runs late on the ground
        "scheduling:running-late",
        everyone(*CLINICIANS),
        None,
        404,
        _once(),
        instead={"appointment_id": "infusion_appointment"},
    ),
    clinicians("scheduling:requests"),
    # Messages
    own_start("messaging:list"),
    own_start("messaging:new", writes=302, body=_form(topic="question", text="May I swim?")),
    own("messaging:thread", writes=302, body=_form(text="And run?", seen="99")),
    own("messaging:sent"),
    own("messaging:close", reads=None, writes=302, body=_once()),
    Row("messaging:patient-list", RECORD),
    Row("messaging:patient-new", of(SIDE, OF_TEAM), 200, 302, _form(topic="question", text="May I swim?")),
    Row("messaging:patient-thread", SIDE, 200, 302, _form(text="And run?", seen="99")),
    Row("messaging:patient-sent", SIDE),
    Row("messaging:patient-close", SIDE, None, 302, _once()),
    own(
        "messaging:take-back",
        reads=None,
        writes=302,
        body=_once(),
        instead={"thread_id": "fresh_thread", "message_id": "fresh_message"},
    ),
    Row(
        "messaging:patient-take-back",
        SELF,
        None,
        302,
        _once(),
        instead={"thread_id": "fresh_thread", "message_id": "fresh_message"},
    ),
    clinicians("messaging:rulesets"),
    # Signed already in these tests: a neurologist is told so, the others of a team may not sign at all.
    Row(
        "messaging:ruleset-sign",
        everyone("neurologist"),
        None,
        409,
        _once(version="1"),
        exceptions={(person, "POST"): 403 for person in CLINICIANS if person != "neurologist"},
    ),
    own("messaging:news", query="since=0"),
    Row("messaging:patient-news", RECORD, query="since=0"),
    Row("messaging:work-news", RECORD, query="since=0"),
    clinicians("messaging:work-list-news"),
    own_start("messaging:search", query="q=blanket"),
    Row("messaging:patient-search", RECORD, query="q=blanket"),
    own("messaging:paper"),
    Row("messaging:patient-paper", RECORD),
    own("messaging:copy-file", query="as=text"),
    Row("messaging:patient-copy-file", RECORD, query="as=json"),
    own("messaging:helped", reads=None, writes=302, body=_helped, instead={"thread_id": "answered_thread"}),
    Row("messaging:patient-helped", SIDE, None, 302, _helped, instead={"thread_id": "answered_thread"}),
    clinicians("messaging:helped-counts"),
    *(own(f"messaging:{name}") for name in ("file", "file-picture", "file-small")),
    *(Row(f"messaging:patient-{name}", RECORD) for name in ("file", "file-picture", "file-small")),
    clinicians("messaging:work-list"),
    Row("messaging:work-thread", READERS),
    Row(
        "messaging:note",
        READERS,
        200,
        302,
        _form(text="Asked twice."),
        exceptions=ONLY_READS,
    ),
    Row(
        "messaging:answer", READERS, None, 302, _form(text="Yes, you may.", seen="99"), exceptions=ONLY_READS
    ),
    Row("messaging:claim", READERS, None, 302, _once(), exceptions=ONLY_READS),
    Row("messaging:release", READERS, None, 302, _once(), exceptions=ONLY_READS),
    Row("messaging:finish", READERS, None, 302, _once(outcome="no_reply", seen="99"), exceptions=ONLY_READS),
    Row("messaging:make", OF_TEAM, 200, 302, _once(**{"question-words": "Which day?"})),
    Row("messaging:article", OF_TEAM, None, 302, _an_article),
    own("messaging:settle", reads=None, writes=302, body=_once(yes="1")),
    Row("messaging:patient-settle", of(SELF, OF_TEAM), None, 302, _once(yes="1")),
    Row("messaging:mailing-new", everyone(*CLINICIANS), 200, 422),
    Row("messaging:mailing", everyone("nurse")),
    Row("messaging:call", OF_TEAM, 200, 302, _a_call),
    Row("messaging:call-more", OF_TEAM, 200, 302, _a_call),
    Row("messaging:write-first", OF_TEAM, 200, 302, _form(topic="visit", text="We are closed tomorrow.")),
    Row(
        "messaging:correct",
        READERS,
        200,
        302,
        _form(text="At 9, not at 8.", reason="Sent in error", seen="99"),
        exceptions=ONLY_READS,
        instead={"thread_id": "answered_thread"},
    ),
    # Reply templates: everybody who works in a team reads and writes them; the writer does not review
    clinicians("messaging:templates"),
    Row("messaging:template-new", everyone(*CLINICIANS), 200, 302, _a_template),
    Row("messaging:template", everyone(*CLINICIANS)),
    Row("messaging:template-change", everyone(*CLINICIANS), 200, 302, _a_template),
    Row(
        "messaging:template-decide",
        everyone(*CLINICIANS),
        None,
        302,
        lambda ground, whose: {"decision": "keep"},
        exceptions={("nurse", "POST"): 409},
    ),
    Row(
        "messaging:hand-over",
        READERS,
        200,
        302,
        _form(to="lane:logistics", reason="About a date."),
        exceptions={**ONLY_READS, ("emergency", "GET"): 403},
    ),
    clinicians("messaging:calls"),
    Row("messaging:called", READERS, None, 302, _once(result="not_reached"), exceptions=ONLY_READS),
    clinicians("messaging:rota"),
    Row(
        "messaging:on-call-new",
        everyone(*TEAM),
        200,
        302,
        _on_call,
        exceptions={**NO_LEAD, ("nurse", "GET"): 403, ("pharmacist", "GET"): 403},
    ),
    Row("messaging:on-call-end", everyone(*TEAM), None, 302, _once(), exceptions=NO_LEAD),
    Row(
        "messaging:away-new",
        everyone("neurologist"),
        200,
        302,
        _absence,
        exceptions={
            (person, method): status
            for person in ("nurse", "pharmacist")
            for method, status in (("GET", 200), ("POST", 422))
        },
    ),
    Row("messaging:away-end", everyone(*TEAM), None, 302, _once(), exceptions=NO_LEAD),
    Row(
        "portal:problem-seen",
        READERS,
        None,
        302,
        _once(key="infusion", mark="0" * 64),
        exceptions=ONLY_READS,
    ),
    # The team's other pages
    clinicians("portal:staff-patients"),
    Row("portal:summary", READERS),
    # The library's own pages below /cms/: for people who write or review; a decision only from somebody who may review and did not write
    Row("education-desk", everyone(*OFFICE), guarded=True),
    Row(
        "education-review",
        everyone(*OFFICE),
        200,
        403,
        exceptions={("reviewer", "POST"): 422, ("admin", "POST"): 422},
        instead={"article_id": "waiting_article"},
    ),
    Row(
        "education-adopt",
        everyone(*OFFICE),
        200,
        422,
        exceptions={("editor", "GET"): 403, ("editor", "POST"): 403},
        instead={"article_id": "new_article"},
    ),
    # The API: a draft is its owner's alone
    Row("patients-api:draft-save", SELF, 200, None, nobody=401),
]

# An exception for somebody who is a stranger to one of the two patients holds for the other one only.
ABOUT_MAYA_ONLY = frozenset({("emergency", "POST"), ("emergency", "GET")})

# Prefix rows: below these addresses other software answers; who is let in at all is ours. Person -> status at the door.
DOORS: dict[str, dict[str, Status]] = {
    "/cms/": {ANONYMOUS: 302, **dict.fromkeys(SIGNED_IN, 404), "editor": 200, "reviewer": 200, "admin": 200},
    # Django leads strangers to its own sign-in door first; that one is ours, and there is nothing behind it for them.
    "/admin/": {ANONYMOUS: 302, **dict.fromkeys(SIGNED_IN, 302), "admin": 200},
}

# The last part of these addresses is nobody's: a test that everybody may have, a team.
OF_NOBODY = ("treatment:patient-result-new", "patients:team-end")
