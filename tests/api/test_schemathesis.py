"""Schemathesis over every operation of the API, on the data of two patients: no error of ours, nothing of the other one.

Real ids are given to it, so that it reaches what lies behind them; where it does not, its warning about missing data fails the test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from journal.services import Words, write_entry
from messaging.services import claim, start_thread
from patients.models import Patient
from patients.questions import add_question
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now, today_in
from tests.api.asking import token_of
from tests.api.served import served
from tests.harness.cluster import REPOSITORY
from tests.harness.paper import ensure
from tests.registry.ground import Ground, acting, freshen, lay
from tests.registry.people import MAYA, SAMUEL
from tests.security.api_table import (
    A_LOOK,
    a_check,
    a_decision,
    a_fever,
    a_file,
    a_label_change,
    a_mailing,
    a_measure,
    a_plan,
    a_result,
    a_time,
    a_version,
    a_visit,
    an_absence,
    an_infusion,
    an_on_call,
    an_order,
    given,
    in_days,
    new_days,
    people_mid_course,
    put_off,
    told,
)  # fmt: skip
from treatment.models import Protocol

CANARY = "Zanzibarcanary"
A_LINE: dict[str, Any] = {  # vital signs, with nothing that is another kind's
    "at": None, "ml_h": None, "pulse": 79, "systolic": None, "diastolic": None, "temperature": None, "unit": None, "oxygen": None,
    "signs": [], "grade": None,
}  # fmt: skip
FOR_THE_TEAM = (
    r"/(claim|release|finish|notes|work|given|missed|therapies|day|chairs|confirm|decline|teams|shared-reports|emergency|dates|phase)/"
    r"|/(hand-over|correct|calls|calls-and-letters|first-words|mailings|templates|on-call|absences|first|sign|review|look|owner|overdue)/"
    r"|/(put-off|go-ahead|drug|reactions|pause|resume|imports|lift)/|/chair/$|/chair/(lines|close)/|/elsewhere/\{elsewhere_id\}/(confirm|booking)/"
    r"|/(results|elsewhere)/\{[a-z_]+\}/withdraw/|/treatment/board/$|/label-changes/|/threads/\{thread_id\}/history/|/messaging/helped/$|/scheduling/requests/$|/patients/\{patient_id\}/"
)
# POST of these is for neurologists.
BY_PRESCRIBERS = (
    r"/treatment/courses/$|/courses/\{course_id\}/(end|dates|pause|resume)/$"
    r"|/ledger/decisions/$|/label-changes/\{change_id\}/move/$"
    r"|/questions/sign/$|/(on-call|absences)/$|/(on-call|absences)/\{[a-z_]+\}/end/$"
)
BY_THE_TEAM = r"/courses/\{course_id\}/checks/$|/treatment/(elsewhere|measures)/$|/ledger/results/$|/threads/\{thread_id\}/made/$"  # their POST


@pytest.fixture
def api(demo_world: str, settings: Any) -> Iterator[tuple[Ground, str]]:
    """Both patients' data, with words of Samuel's that stand nowhere else, and the running app."""
    settings.API_LIMITS = dict.fromkeys(settings.API_LIMITS, 10**9)
    ensure()  # reports are asked for as PDF files
    ground = lay()
    plant(ground)
    freshen(ground)
    with served() as url:
        yield ground, url


def plant(ground: Ground) -> None:
    user = ground.users[SAMUEL]
    with acting(user):
        patient = Patient.objects.for_user(user).select_related("site").get(grants__kind="self")
        add_question(patient=patient, by=user, id=uuid7(), text=f"{CANARY} question")
        start_thread(
            by=user,
            patient=patient,
            id=uuid7(),
            topic="other",
            text=f"{CANARY} text",
            about=f"{CANARY} about",
            now=now(),
        )
        day = today_in(now(), patient.site.time_zone)
        write_entry(
            by=user,
            patient=patient,
            id=uuid7(),
            words=Words(day, {"pain": 1}, f"{CANARY} note"),
            share=True,
            now=now(),
        )
    for whose in (MAYA, SAMUEL):  # work that the nurse has, so that she can hand it back
        with acting(ground.users["nurse"]):
            patient = Patient.objects.for_user(ground.users["nurse"]).get(pk=ground.of("patient_id", whose))
            thread = ground.of("thread_id", whose)
            claim(by=ground.users["nurse"], patient=patient, thread_id=thread, id=uuid7(), now=now())


def words_of(ground: Ground) -> list[str]:
    """What nobody but Samuel and his team may ever meet: his words, his name and every id of a thing of his."""
    ours = {str(value) for (_kind, whose), value in ground.ids.items() if whose == MAYA}
    ids = {str(value) for (_kind, whose), value in ground.ids.items() if whose == SAMUEL} - ours
    with actor.unit_of_work(actor.system("tests")):
        patient = Patient.objects.for_system().get(pk=ground.of("patient_id", SAMUEL))
        return sorted([CANARY, patient.name, *(one for one in ids if len(one) == 36)])


def parameters(ground: Ground, whose: str) -> dict[str, str | int]:
    """Real values for the parts of addresses, by name."""
    kinds = (
        "appointment_id", "entry_id", "grant_id", "patient_id", "question_id", "report_id", "thread_id", "course_id", "dose_id", "item_id", "code",
        "file_id", "message_id", "made_id", "template_id", "mailing_id", "call_id", "check_id", "on_call_id", "absence_id",
        "elsewhere_id", "answer_id", "result_id", "team_id", "change_id", "check_in_id", "plan_id", "row_id",
    )  # fmt: skip
    given: dict[str, str | int] = {f"path.{kind}": str(ground.of(kind, whose)) for kind in kinds}
    return {
        **given,
        "path.id": str(ground.of("draft_id", whose)),
        "path.token_id": str(ground.of("token_id", whose)),
        "path.slug": ground.slug,
        "path.version": 1,
    }


def facts_of_code(ground: Ground, whose: str) -> dict[str, Any]:
    """The facts of the therapy in the address, with one text that differs."""
    content = Protocol.objects.get(therapy__code=ground.of("code", whose), version=1).content
    return {**content, "review_due": "on every label change"}


def real_values(ground: Ground, whose: str) -> dict[str, dict[str, Any]]:
    """What has to be true in a body, by operation: free times, versions, days of ours."""
    today, seen, first = {"occurred_on": ground.query["today"]}, {"seen_seq": 99, "files": []}, {"version": 1}
    words = {"scores": {"tiredness": 2}, "note": "A walk."}
    mail = {"email": "somebody.new@example.com"}
    return {
        "do-scheduling-appointments": a_visit(ground, whose),
        "do-scheduling-appointments-appointment-id-change": {**a_time(ground, whose), "version": 0},
        "do-scheduling-infusion-requests": an_infusion(ground, whose),
        "do-scheduling-requests-appointment-id-confirm": {"starts_at": None},
        "do-journal-entries": {**today, **words},
        "save-journal-entries-entry-id": {**today, **words, **first},
        "do-journal-reports-report-id-share": {"visit": str(ground.of("appointment_id", whose))},
        "do-patients-me-carers": {**mail, "last_day": f"{now().year + 1}-06-30", "scopes": ["journal"]},
        "do-patients": {**mail, "date_of_birth": "1990-01-31", "team": str(ground.of("team_id", whose))},
        "save-patients-drafts-id": {"patient": str(ground.of("patient_id", whose)), "target": None, "kind": "message", **first},
        "do-messaging-threads-thread-id-messages": seen,
        "do-messaging-threads-thread-id-finish": {"seen_seq": 99},
        "do-messaging-threads": {"files": []},
        "do-messaging-threads-thread-id-messages-message-id-correct": seen,
        "do-messaging-threads-thread-id-hand-over": {"to": None, "lane": "logistics"},
        "do-messaging-calls-and-letters": {"came_at": None, "thread": None},
        "do-messaging-mailings": a_mailing(ground, whose) or {},
        "do-messaging-templates": {"replaces": None},
        "do-messaging-on-call": an_on_call(ground, whose),
        "do-messaging-absences": an_absence(ground, whose),
        "do-messaging-files": a_file(ground, whose),
        "do-treatment-plan-preview": {**a_plan(ground, whose), "given": [], "protocol_version": None, "path": ""},
        "do-treatment-therapies-code-versions": {**a_version(ground, whose), "facts": facts_of_code(ground, whose)},
        "do-treatment-therapies-code-label-changes": {**a_label_change(ground, whose), "withdraw": []},
        "do-treatment-label-changes-change-id-move": {"version": 2, "courses": [str(ground.of("open_course", whose))]},
        "do-treatment-self-checks": {"none": True, "new": []},
        "do-treatment-check-ins-check-in-id-answer": {"none": True, "new": []},
        "do-treatment-plans": {"starts_on": None, "ends_on": None},
        "save-treatment-plans-plan-id": {"starts_on": None, "ends_on": None, **first},
        "do-treatment-doses-dose-id-answers": {**a_fever(ground, whose), "place": "phone"},
        "do-treatment-answers-answer-id-review": {"lift": False},
        "do-treatment-items-item-id-notes": {"state": "open", "day": None, "valid_until": None, "draw_by": None, "due_on": None},
        "do-treatment-ledger-results": {**a_result(ground, whose), "values": [], "lab_mark": ""},
        "do-treatment-ledger-results-result-id-correct": {**a_result(ground, whose), "test": "mri", "values": [], "lab_mark": ""},
        "do-treatment-ledger-decisions": a_decision(ground, whose),
        "do-treatment-ledger-owner": {"team": None},
        "do-treatment-courses": an_order(ground, whose),
        "do-treatment-courses-course-id-dates": new_days(ground, whose),
        "do-treatment-courses-course-id-checks": a_check(ground, whose),
        "do-treatment-courses-course-id-resume": {"first_on": in_days(ground, 50)},
        "do-treatment-doses-dose-id-put-off": put_off(ground, whose),
        "do-treatment-doses-dose-id-drug": {"kind": "released", "expires_on": None},
        "do-treatment-elsewhere": {"therapy": "rituximab", "doses_given": 2, "first_on": None, "last_on": None, "jcv_on": None, "lifetime_mg_m2": None, "jcv_index": ""},
        "do-treatment-elsewhere-elsewhere-id-confirm": {**told(ground, whose), "first_on": None, "jcv_on": None, "jcv_index": ""},
        "do-treatment-measures": a_measure(ground, whose),
        "do-treatment-imports": people_mid_course(ground, whose),
        "save-accounts-display": A_LOOK,
        "do-treatment-doses-dose-id-given": {
            **given(ground, whose), "extent": "whole", "amount_mg": None, "expires_on": None, "reaction": False, "reaction_grade": None,
        },
        "do-treatment-doses-dose-id-chair": {**A_LINE, "kind": "vitals", "noted_later": False},
        "do-treatment-doses-dose-id-chair-lines-row-id-correct": {**A_LINE, "why": "A slip.", "take_back": False},
        "do-treatment-doses-dose-id-chair-close": {"extent": "whole", "amount_mg": None, "expires_on": None, "although": "She wanted it."},
        **{f"{act}-treatment-{kind}-line-id{rest}": first for act, rest in (("save", ""), ("do", "-end")) for kind in ("allergies", "medicines")},
    }  # fmt: skip


@dataclass
class Run:
    """One run of Schemathesis as one person, on the things of `whose`."""

    ground: Ground
    url: str
    folder: Path
    person: str
    whose: str = MAYA
    say_patient: bool = False
    foreign: list[str] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    warnings: bool = True

    def config(self) -> str:
        """The configuration file. The seed makes every run the same."""
        ground = self.ground
        _token, text = token_of(ground.users[self.person])
        given = parameters(ground, self.whose)
        if self.say_patient:
            given["query.patient"] = str(ground.of("patient_id", self.whose))
        return "\n".join(
            [
                f'headers = {{ Authorization = "Bearer {text}" }}',
                "seed = 20261122",
                "workers = 1",
                "continue-on-failure = true",
                f"warnings = {{ fail-on = {'true' if self.warnings else 'false'} }}",
                *self.settings,
                "[generation]",
                "deterministic = true",
                "max-examples = 2",
                'database = "none"',
                "no-shrink = true",
                "[phases.coverage]",
                "unexpected-methods = []",  # tests/security/test_api_authorization.py asks all of them
                "[phases.stateful]",
                "enabled = false",
                "[checks.positive_data_acceptance]",
                'expected-statuses = ["2xx", "403", "404", "409", "422"]',
                "[parameters]",
                *(f'"{name}" = {json.dumps(value)}' for name, value in given.items()),
                *below("/treatment/board/", "query.week", ground.query["today"]),
                *below("/scheduling/starts/", "query.service", ground.query["visit"].split("=")[1]),
                *below(
                    "/scheduling/requests/[{]appointment_id[}]/",
                    "path.appointment_id",
                    str(ground.of("requested_appointment", self.whose)),
                ),
                # A released one for the patient; each act of the team on a result of its own.
                *below(
                    "/results/[{]result_id[}]/(seen/|correct/)?$",
                    "path.result_id",
                    str(ground.of("released_result", self.whose)),
                ),
                *below(
                    "/results/[{]result_id[}]/(release|withdraw)/",
                    "path.result_id",
                    str(ground.of("looked_result", self.whose)),
                ),
                *below("/allergies/[{]line_id[}]/", "path.line_id", str(ground.of("allergy", self.whose))),
                *below(
                    "/courses/[{]course_id[}]/phase/",
                    "path.course_id",
                    str(ground.of("open_course", self.whose)),
                ),
                *below(
                    "/doses/[{]dose_id[}]/(put-off|go-ahead)/",
                    "path.dose_id",
                    str(ground.of("waiting_dose", self.whose)),
                ),
                *below(
                    "/courses/[{]course_id[}]/resume/",
                    "path.course_id",
                    str(ground.of("paused_course", self.whose)),
                ),
                *below(
                    "/(correct|helped)/",
                    "path.thread_id",
                    str(self.ground.of("answered_thread", self.whose)),
                ),
                *below(
                    "/take-back/",
                    "path.thread_id",
                    str(self.ground.of("fresh_thread", self.whose)),
                    f'"path.message_id" = "{self.ground.of("fresh_message", self.whose)}"',
                ),
                *below(
                    "/files/[{]file_id[}]/$", "path.file_id", str(self.ground.of("waiting_file", self.whose))
                ),
                *below("/medicines/[{]line_id[}]/", "path.line_id", str(ground.of("medicine", self.whose))),
                *below("/chair/day/$", "path.dose_id", str(ground.of("chair_dose", self.whose))),
                *below("/chair/$", "path.dose_id", str(ground.of("running_dose", self.whose))),
                *below(
                    "/chair/lines/",
                    "path.dose_id",
                    str(ground.of("running_dose", self.whose)),
                    f'"path.row_id" = "{ground.of("running_row", self.whose)}"',
                ),
                *below("/chair/close/$", "path.dose_id", str(ground.of("ended_dose", self.whose))),
                *below(
                    "/answers/[{]answer_id[}]/lift/$",
                    "path.answer_id",
                    str(ground.of("reviewed_answer", self.whose)),
                ),
                *self.operations,
            ]
        )

    def __call__(self) -> subprocess.CompletedProcess[str]:
        """What Schemathesis says."""
        config = self.folder / "schemathesis.toml"
        config.write_text(self.config(), encoding="utf-8")
        program = str(Path(sys.executable).parent / "schemathesis")
        return subprocess.run(
            [
                program,
                "--config-file",
                str(config),
                "run",
                str(REPOSITORY / "docs" / "openapi.yaml"),
                "--url",
                self.url,
                *self.arguments,
            ],
            cwd=self.folder,  # it keeps notes where it runs
            env={
                **os.environ,
                "SCHEMATHESIS_HOOKS": "tests.api.foreign",
                "FOREIGN_WORDS": "|".join(self.foreign),
                "REAL_VALUES": json.dumps(real_values(self.ground, self.whose)),
                "PYTHONPATH": str(REPOSITORY),
                "COLUMNS": "140",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )


def below(path: str, name: str, value: str, *more: str) -> list[str]:
    """A parameter for the operations below one address."""
    return [
        "[[operations]]",
        f"include-path-regex = {json.dumps(path)}",
        "[operations.parameters]",
        f'"{name}" = {json.dumps(value)}',
        *more,
    ]


def without(*more: str) -> list[str]:
    return ["[[operations]]", *more, "enabled = false"]


def passed(done: subprocess.CompletedProcess[str]) -> bool:
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    return True


# What no data of ours can answer with yes. For the patient: Maya has an allergy, so she cannot say that she knows of none.
NEVER_OF_PATIENTS = r"/allergies/none-known/"
# For the team: an infusion runs late only while the center is open, and these tests run at any hour; the way on lies more than a year ahead
# for a second course of alemtuzumab; emergency access is refused to every token; and checks that go on hold the team's access;
# and no reaction shows after a dose that is still planned. Tests of their own do these.
NEVER_OF_THE_TEAM = r"/chairs/\{appointment_id\}/late/$|/phase/$|/emergency/$|/teams/\{team_id\}/end/$|/doses/\{dose_id\}/reactions/$"


def due_today(ground: Ground) -> list[str]:
    """What can be done only for somebody whose dose is due today, and whom nobody has asked about allergies."""
    who = str(ground.of("due_patient", MAYA))
    dose = f'"path.dose_id" = "{ground.of("due_dose", MAYA)}"'
    return [
        *below("/doses/[{]dose_id[}]/missed/$", "query.patient", who, dose),
        *below("/allergies/none-known/$", "query.patient", who),
    ]


def posting(path: str) -> str:
    """The names of acts by their addresses. Two filters of one list would mean either of them, so it is one."""
    return f"^POST .*({path})"


def acts_of_others(*paths: str) -> list[str]:
    """POST on these addresses is somebody else's."""
    return [line for path in paths for line in without(f"include-name-regex = {json.dumps(posting(path))}")]


@pytest.mark.slow
def test_as_a_patient(api: tuple[Ground, str], tmp_path: Path) -> None:
    ground, url = api
    theirs = [
        *without(f"include-path-regex = {json.dumps(FOR_THE_TEAM)}"),
        *without(f"include-path-regex = {json.dumps(NEVER_OF_PATIENTS)}"),
        *acts_of_others(BY_PRESCRIBERS, BY_THE_TEAM, "/v1/patients/$"),
    ]
    assert passed(Run(ground, url, tmp_path, MAYA, foreign=words_of(ground), operations=theirs)())


@pytest.mark.slow
def test_as_the_team(api: tuple[Ground, str], tmp_path: Path) -> None:
    ground, url = api
    asked = f"{FOR_THE_TEAM}|{BY_THE_TEAM}|^/api/v1/patients/$|/chair/day/$|/allergies/none-known/$"
    only = ["--include-path-regex", asked]
    operations = [*due_today(ground), *acts_of_others(BY_PRESCRIBERS, NEVER_OF_THE_TEAM)]
    assert passed(
        Run(ground, url, tmp_path, "nurse", say_patient=True, operations=operations, arguments=only)()
    )


@pytest.mark.slow
def test_as_a_prescriber(api: tuple[Ground, str], tmp_path: Path) -> None:
    ground, url = api
    only = ["--include-name-regex", posting(BY_PRESCRIBERS)]
    assert passed(Run(ground, url, tmp_path, "neurologist", say_patient=True, arguments=only)())


@pytest.mark.slow
def test_with_the_ids_of_the_other_patient(api: tuple[Ground, str], tmp_path: Path) -> None:
    """Samuel's ids everywhere, Maya's token: whatever comes back, nothing of his is in it."""
    ground, url = api
    few = [
        "--phases",
        "fuzzing",
        "--mode",
        "positive",
        "--checks",
        "not_a_server_error,nothing_of_the_other_patient",
    ]
    run = Run(ground, url, tmp_path, MAYA, SAMUEL, True, words_of(ground), arguments=few, warnings=False)
    assert passed(run())


@pytest.mark.slow
def test_words_of_the_other_patient_would_be_seen(api: tuple[Ground, str], tmp_path: Path) -> None:
    ground, url = api
    one = ["--include-name", "GET /api/v1/patients/me/", "--phases", "coverage"]
    done = Run(ground, url, tmp_path, MAYA, foreign=["Maya"], arguments=one)()
    assert done.returncode == 1
    assert "the other patient's ['Maya'] in the answer" in done.stdout
