"""The page registry: every page that people open, who opens it, and how its address is made.

`PAGES` is what the browser walk, the canary crawl and the bad-input test go through; nothing else decides what is walked.
`NOT_PAGES` are the other addresses of the resolver, each with the reason why nobody looks at them; the reason is proved.
An address in neither list fails tests/registry/test_registry.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.registry.ground import Ground
from tests.registry.people import ANONYMOUS, CLINICIANS, MAYA, OFFICE, PATIENTS, SIGNED_IN, TEAM
from tests.registry.resolver import ours

CARERS = ("carer", "journal-carer")
READERS = (*TEAM, "emergency")  # the care team, and whoever opened the record in an emergency
SIDE = (MAYA, *CARERS)  # the patient and those who act for the patient

# How a person's pages look: one browser walk for each kind of person is enough, each person is crawled.
KIND_OF = {
    ANONYMOUS: "anonymous",
    **dict.fromkeys(PATIENTS, "patient"),
    **dict.fromkeys((*CARERS, "past-carer"), "carer"),
    **dict.fromkeys((*CLINICIANS, "past-nurse"), "staff"),
    **dict.fromkeys(("editor", "reviewer"), "editor"),
    "admin": "admin",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `persons` open it with 200; the first of each kind walks it in the browser, the very first in every mode.

    `instead` names another kind of id for a part of the address; `query` is a key of `Ground.query`, or a query string when it holds "=".
    `state` names what has to be done first (tests/registry/states.py). `dense` pages are staff's: targets of 32 px are enough.
    """

    name: str
    persons: tuple[str, ...]
    instead: dict[str, str] = field(default_factory=dict)
    query: str = ""
    state: str = ""
    dense: bool = False
    label: str = ""

    @property
    def key(self) -> str:
        return f"{self.name}{'-' + self.label if self.label else ''}"

    @property
    def walkers(self) -> list[str]:
        """One person of each kind, the first first."""
        first: dict[str, str] = {}
        for person in self.persons:
            first.setdefault(KIND_OF[person], person)
        return list(first.values())

    def whose(self, person: str) -> str:
        """Whose things a person sees here: patients their own, everybody else Maya's."""
        return person if person in PATIENTS else MAYA

    def url(self, ground: Ground, person: str, whose: str = "") -> str:
        """The address for one person, on the things of `whose` (default: as `whose()` says)."""
        whose = whose or self.whose(person)
        path = ground.url(self.name, ours()[self.name].kwargs, whose, **self.instead)
        query = self.query if "=" in self.query else ground.query.get(self.query or "none", "")
        query = ground.query.get(f"{self.query}-{whose}", query)
        return f"{path}?{query}" if query else path


def _both(name: str, **more: object) -> list[Page]:
    """A page of scheduling: the patient's own, and the one under the patient's id for carers and the team."""
    return [
        Page(f"scheduling:{name}", PATIENTS, **more),
        Page(f"scheduling:patient-{name}", ("carer", *READERS, "journal-carer", MAYA), **more),
    ]


PAGES: list[Page] = [
    # Everybody's
    Page("portal:today", (*PATIENTS, *CARERS, *CLINICIANS, "past-carer", "past-nurse")),
    Page("portal:help", (ANONYMOUS, *SIGNED_IN)),
    Page("portal:accessibility", (ANONYMOUS, *SIGNED_IN)),
    Page("portal:privacy", (ANONYMOUS, *SIGNED_IN)),
    Page("accounts:display", (ANONYMOUS, *SIGNED_IN)),
    Page("accounts:home", SIGNED_IN),
    Page("education:home", SIGNED_IN),
    Page("education:search", SIGNED_IN, query="q=infuson"),
    Page("education:search", SIGNED_IN, query="q=zzzz", label="nothing"),
    Page("education:topic", SIGNED_IN, instead={"slug": "topic"}),
    Page("education:article", SIGNED_IN),
    # Signing in, and one's account
    Page("account_login", (ANONYMOUS,)),
    Page("account_request_login_code", (ANONYMOUS,)),
    Page("account_confirm_login_code", (ANONYMOUS,), state="code-asked"),
    Page("account_signup", (ANONYMOUS,)),
    Page("account_inactive", (ANONYMOUS, *SIGNED_IN)),
    Page("account_reset_password", (ANONYMOUS, *SIGNED_IN)),
    Page("account_reset_password_done", (ANONYMOUS, *SIGNED_IN)),
    Page("account_reset_password_from_key", (ANONYMOUS,), state="reset-asked"),
    Page("account_reset_password_from_key", (ANONYMOUS,), state="reset-wrong", label="wrong"),
    Page("account_reset_password_from_key_done", (ANONYMOUS, *SIGNED_IN)),
    Page("account_email_verification_sent", (ANONYMOUS, *SIGNED_IN)),
    Page("account_confirm_email", (ANONYMOUS, *SIGNED_IN), state="wrong-key"),
    Page("account_logout", SIGNED_IN),
    Page("account_reauthenticate", SIGNED_IN),
    Page("account_email", SIGNED_IN),
    Page("account_change_password", SIGNED_IN),
    Page("usersessions_list", SIGNED_IN),
    Page("accounts:programs", SIGNED_IN),
    Page("portal:api-docs", SIGNED_IN, dense=True),
    Page("portal:api-docs-noun", SIGNED_IN, dense=True),
    # The patient's own record
    Page("patients:profile", PATIENTS),
    Page("patients:access", PATIENTS),
    Page("patients:trail", PATIENTS),
    Page("patients:trail", PATIENTS, query="all=1", label="all"),
    Page("patients:carers", PATIENTS),
    Page("patients:carer-add", PATIENTS),
    Page("patients:questions", PATIENTS),
    Page("patients:question-edit", PATIENTS),
    Page("patients:draft-drop", PATIENTS),
    # Journal
    Page("journal:home", PATIENTS),
    Page("journal:new", PATIENTS),
    Page("journal:symptoms", PATIENTS),
    Page("journal:sharing", PATIENTS),
    Page("journal:charts", PATIENTS),
    Page("journal:charts", PATIENTS, query="range=year", label="year"),
    Page("journal:charts", PATIENTS, query="by=cycle", label="cycle"),
    Page("journal:reports", PATIENTS),
    Page("journal:report-new", PATIENTS),
    Page("journal:report-change", PATIENTS),
    Page("journal:report", PATIENTS),
    Page("journal:report", PATIENTS, instead={"report_id": "draft_report"}, label="draft"),
    Page("journal:report", PATIENTS, instead={"report_id": "approved_report"}, label="approved"),
    Page("journal:entry", PATIENTS),
    Page("journal:saved", PATIENTS),
    Page("journal:edit", PATIENTS),
    Page("journal:patient-home", ("journal-carer",)),
    Page("journal:patient-charts", ("journal-carer",)),
    Page("journal:shared", READERS, dense=True),
    Page("journal:shared-charts", READERS, dense=True),
    Page("journal:shared-report", READERS, dense=True),
    # Appointments
    *_both("list"),
    *_both("book"),
    *_both("book-suits", query="visit"),
    *_both("book-when", query="visit"),
    *_both("book-when", query="days", label="days"),
    *_both("book-check", query="slot"),
    *_both("detail"),
    *_both("booked"),
    *_both("change"),
    *_both("changed"),
    *_both("cancel"),
    *_both("cancelled", instead={"appointment_id": "cancelled_appointment"}),
    *_both("infusion"),
    *_both("infusion-when"),
    *_both("infusion-when", query="infusion-days", label="days"),
    *_both("infusion-check", query="infusion"),
    *_both("infusion-asked", instead={"appointment_id": "requested_appointment"}),
    *_both("infusion-withdraw", instead={"appointment_id": "requested_appointment"}),
    *_both("detail", instead={"appointment_id": "requested_appointment"}, label="requested"),
    *_both("cancel", instead={"appointment_id": "infusion_appointment"}, label="infusion"),
    Page(
        "scheduling:patient-infusion-answer",
        READERS,
        instead={"appointment_id": "requested_appointment"},
        dense=True,
    ),
    Page(
        "scheduling:patient-infusion-decline",
        READERS,
        instead={"appointment_id": "requested_appointment"},
        dense=True,
    ),
    Page("scheduling:day", CLINICIANS, dense=True),
    Page("scheduling:chairs", CLINICIANS, dense=True),
    Page("scheduling:requests", CLINICIANS, dense=True),
    # Treatment: the patient and the team; carers see only what appointments show
    Page("treatment:home", PATIENTS),
    Page("treatment:plan", PATIENTS),
    Page("treatment:history", PATIENTS),
    Page("treatment:patient-journey", READERS, dense=True),
    Page("treatment:patient-plan", READERS, dense=True),
    Page("treatment:patient-history", READERS, dense=True),
    Page("treatment:lists", PATIENTS),
    Page("treatment:allergy-add", PATIENTS),
    Page("treatment:allergy", PATIENTS),
    Page("treatment:allergy", PATIENTS, instead={"allergy_id": "ended_allergy"}, label="ended"),
    Page("treatment:medicine-add", PATIENTS),
    Page("treatment:medicine", PATIENTS),
    Page("treatment:patient-home", READERS, dense=True),
    Page("treatment:patient-course", READERS, dense=True),
    Page("treatment:patient-lists", READERS, dense=True),
    Page("treatment:patient-allergy-add", READERS, dense=True),
    Page("treatment:patient-allergy", READERS, dense=True),
    Page("treatment:self-check", PATIENTS),
    Page("treatment:self-check-done", PATIENTS),
    Page("treatment:self-check-done", PATIENTS, instead={"check_id": "quiet_check"}, label="nothing-new"),
    Page("treatment:patient-self-check-done", READERS, dense=True),
    Page("treatment:infusion-day", PATIENTS),
    Page("treatment:patient-infusion-day", (*CARERS, *READERS), dense=True),
    Page("treatment:after-care", PATIENTS),
    Page("treatment:patient-after-care", READERS, dense=True),
    Page("treatment:card", PATIENTS),
    Page("treatment:patient-card", READERS, dense=True),
    Page("treatment:check-in", PATIENTS),
    Page("treatment:life-plans", PATIENTS),
    Page("treatment:life-plan-new", PATIENTS),
    Page("treatment:life-plan", PATIENTS),
    Page("treatment:life-plan-change", PATIENTS),
    Page("treatment:ready", PATIENTS),
    Page("treatment:ready", PATIENTS, instead={"dose_id": "stopped_dose"}, label="stopped"),
    Page("treatment:questions", PATIENTS),
    Page("treatment:answer", PATIENTS),
    Page("treatment:answer", PATIENTS, instead={"answer_id": "reviewed_answer"}, label="agreed"),
    Page("treatment:answer", PATIENTS, instead={"answer_id": "lifted_answer"}, label="lifted"),
    Page("treatment:item-note", PATIENTS),
    Page("treatment:item-note", PATIENTS, instead={"item_id": "stopped_item"}, label="stopped"),
    Page("treatment:patient-ready", READERS, dense=True),
    Page("treatment:patient-questions", READERS, dense=True),
    Page("treatment:patient-answer", READERS, dense=True),
    Page(
        "treatment:patient-answer",
        READERS,
        dense=True,
        instead={"answer_id": "reviewed_answer"},
        label="stays-stopped",
    ),
    Page("treatment:patient-answer-review", READERS, dense=True),
    Page("treatment:patient-answer-lift", READERS, dense=True, instead={"answer_id": "reviewed_answer"}),
    Page("treatment:patient-item-note", READERS, dense=True),
    Page("treatment:board", CLINICIANS, dense=True),
    Page("treatment:patient-medicine-add", READERS, dense=True),
    Page("treatment:patient-medicine", READERS, dense=True),
    Page("treatment:patient-given", READERS, dense=True),
    Page("treatment:patient-missed", READERS, dense=True),
    Page("treatment:patient-check", READERS, dense=True),
    Page("treatment:patient-order", ("neurologist",), dense=True),
    Page("treatment:patient-dose-date", ("neurologist",), dense=True),
    Page("treatment:patient-dates", ("neurologist",), dense=True),
    Page("treatment:patient-phase", ("neurologist",), instead={"course_id": "open_course"}, dense=True),
    Page("treatment:patient-end", ("neurologist",), dense=True),
    Page("treatment:patient-postpone", READERS, dense=True),
    Page(
        "treatment:patient-postpone",
        READERS,
        instead={"dose_id": "waiting_dose"},
        label="waiting",
        dense=True,
    ),
    Page("treatment:patient-review", ("neurologist",), instead={"dose_id": "waiting_dose"}, dense=True),
    Page("treatment:patient-later-reaction", READERS, instead={"dose_id": "chair_dose"}, dense=True),
    Page("treatment:patient-drug", READERS, dense=True),
    Page("treatment:patient-chair", READERS, dense=True),
    Page("treatment:patient-chair", READERS, query="note=vitals", label="vitals", dense=True),
    Page("treatment:patient-chair", READERS, query="note=reaction", label="reaction", dense=True),
    Page("treatment:patient-chair", READERS, instead={"dose_id": "chair_dose"}, label="closed", dense=True),
    Page(
        "treatment:patient-chair", READERS, instead={"dose_id": "running_dose"}, label="running", dense=True
    ),
    Page(
        "treatment:patient-chair",
        READERS,
        instead={"dose_id": "running_dose"},
        query="note=stopped",
        label="stopping",
        dense=True,
    ),
    Page(
        "treatment:patient-chair", READERS, instead={"dose_id": "watched_dose"}, label="watched", dense=True
    ),
    Page(
        "treatment:patient-chair",
        READERS,
        instead={"dose_id": "watched_dose"},
        query="note=observed",
        label="early",
        dense=True,
    ),
    Page("treatment:patient-chair", READERS, instead={"dose_id": "ended_dose"}, label="ended", dense=True),
    Page("treatment:patient-chair-correct", READERS, dense=True),
    Page(
        "treatment:patient-chair-correct",
        READERS,
        instead={"dose_id": "running_dose", "row_id": "running_row"},
        label="running",
        dense=True,
    ),
    Page("treatment:patient-chair-close", READERS, dense=True),
    Page(
        "treatment:patient-chair-close", READERS, instead={"dose_id": "ended_dose"}, label="ended", dense=True
    ),
    Page("treatment:chair-day", PATIENTS, instead={"dose_id": "chair_dose"}),
    Page("treatment:patient-pause", ("neurologist",), dense=True),
    Page("treatment:patient-resume", ("neurologist",), instead={"course_id": "paused_course"}, dense=True),
    Page(
        "treatment:patient-course",
        READERS,
        instead={"course_id": "paused_course"},
        label="paused",
        dense=True,
    ),
    Page("treatment:patient-elsewhere", READERS, dense=True),
    Page("treatment:patient-elsewhere-add", READERS, dense=True),
    Page("treatment:patient-elsewhere-confirm", READERS, dense=True),
    Page("treatment:patient-measure", READERS, dense=True),
    Page("treatment:import", CLINICIANS, dense=True),
    Page("treatment:ledger", PATIENTS),
    Page("treatment:ledger-test", PATIENTS),
    Page("treatment:patient-ledger", READERS, dense=True),
    Page("treatment:patient-ledger-test", READERS, dense=True),
    Page("treatment:patient-result", READERS, dense=True),
    Page("treatment:patient-result-new", TEAM, dense=True),
    Page("treatment:patient-result-release", TEAM, instead={"result_id": "looked_result"}, dense=True),
    Page("treatment:patient-result-correct", TEAM, dense=True),
    Page("treatment:patient-result-withdraw", TEAM, dense=True),
    Page("treatment:patient-ledger-decide", ("neurologist",), dense=True),
    Page("treatment:patient-ledger-owner", TEAM, dense=True),
    Page("treatment:overdue", CLINICIANS, dense=True),
    Page("treatment:overdue", TEAM, query="show=waiting", dense=True, label="waiting"),
    Page("treatment:therapies", CLINICIANS, dense=True),
    Page("treatment:therapy", CLINICIANS, instead={"code": "therapy"}, dense=True),
    Page("treatment:version", CLINICIANS, instead={"code": "therapy"}, dense=True),
    Page("treatment:sign", CLINICIANS, instead={"code": "therapy"}, dense=True),
    Page("treatment:edit", CLINICIANS, instead={"code": "therapy"}, dense=True),
    Page("treatment:edit-make", TEAM, instead={"code": "therapy"}, dense=True),
    Page("treatment:edit-discard", TEAM, instead={"code": "therapy"}, dense=True),
    Page("treatment:edit-add", TEAM, instead={"code": "therapy"}, dense=True),
    Page("treatment:edit-fact", TEAM, instead={"code": "therapy"}, dense=True),
    Page(
        "treatment:edit-add", TEAM, instead={"code": "therapy", "kind": "phases"}, dense=True, label="phase"
    ),
    Page("treatment:label-change-new", TEAM, instead={"code": "therapy"}, dense=True),
    Page("treatment:label-change", CLINICIANS, dense=True),
    # Messages
    Page("messaging:list", PATIENTS),
    Page("messaging:new", PATIENTS),
    Page("messaging:thread", PATIENTS),
    Page("messaging:thread", PATIENTS, instead={"thread_id": "answered_thread"}, label="answered"),
    Page("messaging:sent", PATIENTS),
    Page("messaging:patient-list", ("carer", *READERS, "journal-carer", MAYA)),
    Page("messaging:patient-new", ("carer", *TEAM, "journal-carer", MAYA)),
    Page("messaging:patient-thread", ("carer", "journal-carer", MAYA)),
    Page("messaging:patient-sent", ("carer", "journal-carer", MAYA)),
    Page("messaging:search", PATIENTS, query="q=blanket"),
    Page("messaging:search", PATIENTS, query="q=zzzz&topic=visit", label="nothing"),
    Page("messaging:patient-search", ("carer", *READERS, "journal-carer", MAYA), query="q=blanket"),
    Page("messaging:paper", PATIENTS),
    Page("messaging:patient-paper", ("carer", *READERS, "journal-carer", MAYA)),
    Page("messaging:helped-counts", CLINICIANS, dense=True),
    Page("messaging:work-list", CLINICIANS, dense=True),
    Page("messaging:rulesets", CLINICIANS, dense=True),
    Page("messaging:work-thread", READERS, dense=True),
    Page(
        "messaging:work-thread",
        ("nurse",),
        instead={"thread_id": "hidden_thread"},
        dense=True,
        label="handed-over",
    ),
    Page("messaging:note", TEAM, dense=True),
    Page("messaging:call", TEAM, dense=True),
    Page("messaging:call-more", TEAM, dense=True),
    Page("messaging:write-first", TEAM, dense=True),
    Page("messaging:mailing-new", CLINICIANS, dense=True),
    Page("messaging:mailing", ("nurse",), dense=True),
    Page("messaging:make", TEAM, dense=True),
    Page("messaging:make", TEAM, query="q=infuson", dense=True, label="article"),
    Page("messaging:correct", TEAM, instead={"thread_id": "answered_thread"}, dense=True),
    Page("messaging:templates", CLINICIANS, dense=True),
    Page("messaging:template-new", CLINICIANS, dense=True),
    Page("messaging:template", CLINICIANS, dense=True),
    Page("messaging:template-change", CLINICIANS, dense=True),
    Page("messaging:hand-over", TEAM, dense=True),
    Page("messaging:calls", CLINICIANS, dense=True),
    Page("messaging:rota", CLINICIANS, dense=True),
    Page("messaging:on-call-new", ("neurologist",), dense=True),
    Page("messaging:away-new", TEAM, dense=True),
    # The team's other pages
    Page("portal:staff-patients", CLINICIANS, dense=True),
    Page("portal:summary", READERS, dense=True),
    Page("patients:team-end", TEAM, dense=True),
    Page("patients:enroll", CLINICIANS, dense=True),
    Page("patients:break-glass", CLINICIANS, dense=True),
    Page("patients:break-glass-open", CLINICIANS, dense=True),
    # The library's own pages below /cms/
    Page("education-desk", OFFICE, dense=True),
    Page("education-review", OFFICE, dense=True),
    Page("education-review", OFFICE, instead={"article_id": "waiting_article"}, dense=True, label="waiting"),
    Page("education-adopt", ("reviewer",), instead={"article_id": "new_article"}, dense=True),
    Page("portal:design", ("admin",)),
]

ACT = "an act of a form: only POST"
PROBE = "for machines: plain text"
FILE = "a file, not a page"
PAPER = "a PDF, drawn from the page beside it"
NEWS = "a number that an open page asks for"
API = "JSON for programs: tests/security/api_table.py asks it"
PHOTO = "a file of a message: never a page, its headers let nothing in it act"
AWAY = "leads to another page of ours"

NOT_PAGES: dict[str, str] = {
    "portal:healthz": PROBE,
    "portal:readyz": PROBE,
    "scheduling:ics": FILE,
    "scheduling:patient-ics": FILE,
    "scheduling:patient-infusion-confirm": ACT,
    **{
        name: API
        for name, address in ours().items()
        if address.pattern.startswith(("api/v1/", "api/schema/"))
    },
    "accounts:program-end": ACT,
    "accounts:session-extend": ACT,
    "accounts:display-easier": ACT,
    "patients:carer-end": ACT,
    "patients:question-move": ACT,
    "patients:question-remove": ACT,
    "journal:sharing-start": ACT,
    "journal:sharing-stop": ACT,
    "journal:sharing-stop-all": ACT,
    "journal:report-pdf": PAPER,
    "journal:shared-report-pdf": PAPER,
    "journal:report-approve": ACT,
    "journal:report-share": ACT,
    "journal:report-withdraw": ACT,
    "journal:undo": ACT,
    "journal:share": ACT,
    "journal:unshare": ACT,
    "treatment:label-change-move": ACT,
    "treatment:label-change-tell": ACT,
    "treatment:item": ACT,
    "treatment:patient-item": ACT,
    "treatment:allergy-none": ACT,
    "treatment:self-check-write": ACT,
    "treatment:card-pdf": PAPER,
    "treatment:patient-card-pdf": PAPER,
    "treatment:life-plan-end": ACT,
    "treatment:life-plan-question": ACT,
    "treatment:life-plan-write": ACT,
    "treatment:answer-write": ACT,
    "treatment:patient-self-check-review": ACT,
    "treatment:patient-go-ahead": ACT,
    "treatment:patient-chair-press": ACT,
    "treatment:patient-chair-news": NEWS,
    "scheduling:running-late": ACT,
    "treatment:patient-elsewhere-withdraw": ACT,
    "treatment:patient-elsewhere-booking": ACT,
    "treatment:patient-result-look": ACT,
    "treatment:patient-allergy-none": ACT,
    "treatment:allergy-end": ACT,
    "treatment:patient-allergy-end": ACT,
    "treatment:medicine-end": ACT,
    "treatment:patient-medicine-end": ACT,
    "messaging:file": PHOTO,
    "messaging:file-picture": PHOTO,
    "messaging:file-small": PHOTO,
    "messaging:patient-file": PHOTO,
    "messaging:patient-file-picture": PHOTO,
    "messaging:patient-file-small": PHOTO,
    "messaging:close": ACT,
    "messaging:patient-close": ACT,
    "messaging:take-back": ACT,
    "messaging:patient-take-back": ACT,
    "messaging:ruleset-sign": ACT,
    **{f"messaging:{name}": NEWS for name in ("news", "patient-news", "work-news", "work-list-news")},
    "messaging:helped": ACT,
    "messaging:patient-helped": ACT,
    "messaging:copy-file": FILE,
    "messaging:patient-copy-file": FILE,
    "messaging:claim": ACT,
    "messaging:release": ACT,
    "messaging:answer": ACT,
    "messaging:finish": ACT,
    "messaging:article": ACT,
    "messaging:settle": ACT,
    "messaging:patient-settle": ACT,
    "messaging:template-decide": ACT,
    "messaging:called": ACT,
    "portal:problem-seen": ACT,
    "messaging:on-call-end": ACT,
    "messaging:away-end": ACT,
    "account_set_password": AWAY,
}

# Pages that no address names: what stands there when something is not as it should be. Path -> the status.
ERROR_PAGES: dict[str, int] = {"/no-such-page/": 404}


def page_named(key: str) -> Page:
    """The page with this key."""
    return next(page for page in PAGES if page.key == key)


__all__ = [
    "ACT",
    "API",
    "AWAY",
    "ERROR_PAGES",
    "FILE",
    "NEWS",
    "NOT_PAGES",
    "PAGES",
    "PAPER",
    "PHOTO",
    "PROBE",
    "Page",
    "page_named",
]
