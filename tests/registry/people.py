"""Who opens pages: the demo's people, and four more whom a test needs."""

from __future__ import annotations

from portal.demo.people import PASSWORD, PEOPLE

ANONYMOUS = "anonymous"
MAYA, SAMUEL = "patient", "other-patient"

DEMO = tuple(person.key for person in PEOPLE)
MORE = {
    "journal-carer": "helps Maya and sees everything that can be opened to a carer",
    "past-carer": "helped Maya; the last day is over",
    "past-nurse": "left Maya's team",
    "emergency": "of another team, opened Maya's record in an emergency",
}
EVERYBODY = (ANONYMOUS, *DEMO, *MORE)
SIGNED_IN = EVERYBODY[1:]

PATIENTS = (MAYA, SAMUEL)
TEAM = ("nurse", "neurologist", "pharmacist")
CLINICIANS = (*TEAM, "elsewhere", "emergency")  # everyone who works in some team today
OFFICE = ("editor", "reviewer", "admin")

__all__ = [
    "ANONYMOUS",
    "CLINICIANS",
    "DEMO",
    "EVERYBODY",
    "MAYA",
    "MORE",
    "OFFICE",
    "PASSWORD",
    "PATIENTS",
    "SAMUEL",
    "SIGNED_IN",
    "TEAM",
]
