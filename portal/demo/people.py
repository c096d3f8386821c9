"""The people of the synthetic clinic."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "calm-river-infusion-2026"  # noqa: S105 - the printed password of a clinic that does not exist


@dataclass(frozen=True, slots=True)
class Person:
    key: str
    name: str
    what: str
    job_title: str = ""

    @property
    def email(self) -> str:
        return f"{self.key}@example.com"


PEOPLE = (
    Person("patient", "Maya Lindqvist", "a patient on infusions"),
    Person("carer", "Jonas Lindqvist", "helps Maya; sees her appointments and messages"),
    Person("other-patient", "Samuel Okafor", "another patient, who must see nothing of Maya"),
    Person("nurse", "Rosa Delgado", "infusion nurse in Maya's team", "Infusion nurse"),
    Person("neurologist", "Hana Sato", "neurologist in Maya's team", "Neurologist"),
    Person("pharmacist", "Farid Rahimi", "pharmacist of the infusion center; signs protocols", "Pharmacist"),
    Person("elsewhere", "Peter Novak", "works in another team, not Maya's", "Physiotherapy lead"),
    Person("editor", "Ellen Brandt", "writes articles", "Health editor"),
    Person("reviewer", "Amir Haddad", "reviews articles before they are published", "Consulting neurologist"),
    Person("admin", "Ada Kowalski", "sets up the clinic", "Administrator"),
)
