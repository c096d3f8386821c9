"""The tests of the ledger in plain words, and which fact asks for which test. Our own reading: it holds no clinical figure.

One test can serve several facts: a liver test counts for every treatment that asks for one. A fact that is not listed here (from a newer protocol)
is a test of its own, under its own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

LAB, TEAM, YOU = "lab", "team", "you"
INDEX = "index"  # the unit of an index: the number itself


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that a test measures. `unit` only where there is one unit by nature."""

    code: str
    name: Any
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Test:
    """A test as the patient reads it, who does it, and what it measures. Without measures, its result is words."""

    __test__ = False  # no test of ours, whatever its name

    code: str
    label: Any
    owner: str = LAB
    measures: tuple[Measure, ...] = ()
    by_assay: bool = False  # numbers of one maker's test cannot be compared with those of another


TESTS: dict[str, Test] = {
    test.code: test
    for test in (
        Test("blood_count", _("Blood test: blood count"), measures=(
            Measure("lymphocytes", _("Lymphocytes")),
            Measure("neutrophils", _("Neutrophils")),
            Measure("platelets", _("Platelets")),
            Measure("hemoglobin", _("Hemoglobin")),
        )),
        Test("kidneys", _("Blood test: kidneys"), measures=(Measure("creatinine", _("Creatinine")),)),
        Test("urine", _("Urine test"), measures=(Measure("protein_creatinine", _("Protein to creatinine")),)),
        Test("thyroid", _("Blood test: thyroid"), measures=(Measure("tsh", _("TSH")), Measure("free_t4", _("Free T4")))),
        Test("liver", _("Blood test: liver"), measures=(
            Measure("alt", _("ALT")), Measure("ast", _("AST")), Measure("bilirubin", _("Bilirubin")),
        )),
        Test("immunoglobulins", _("Blood test: antibodies"), measures=(
            Measure("igg", _("IgG")), Measure("iga", _("IgA")), Measure("igm", _("IgM")),
        )),
        Test("jcv", _("Blood test: JC virus"), measures=(Measure("index", _("Index"), INDEX),), by_assay=True),
        Test("cd4", _("Blood test: CD4 cells"), measures=(Measure("cd4", _("CD4 cells")),)),
        Test("drug_antibodies", _("Blood test: antibodies against the medicine")),
        Test("hepatitis_b", _("Blood test: hepatitis B")),
        Test("heart", _("Heart test: how well it pumps"), TEAM, (Measure("lvef", _("Ejection fraction (LVEF)"), "%"),)),
        Test("total_dose", _("Total of this medicine so far"), TEAM, (Measure("total", _("Total dose"), "mg/m2"),)),
        Test("mri", _("MRI scan of your brain"), TEAM),
        Test("skin", _("Skin exam"), TEAM),
        Test("cervix", _("Cervical screening"), TEAM),
        Test("breast", _("Breast screening"), TEAM),
        Test("pml", _("A check for a rare brain infection"), TEAM),
        Test("rems", _("The safety program is renewed"), TEAM),
        Test("pregnancy", _("Pregnancy question, only if it applies to you"), TEAM),
        Test("self_check", _("Your own check: what is new"), YOU),
    )
}  # fmt: skip

# The last part of a fact's key -> its test.
_BY_NAME = {
    "clinical_pml_assessment": "pml",
    "rems_re_authorisation": "rems",
    "anti_jcv_antibody_index": "jcv",
    "mri_brain": "mri",
    "mri_brain_lower_pml_risk": "mri",
    "mri_brain_higher_pml_risk_jcv_positive_and_18_mo": "mri",
    "mri_brain_after_switching_off_natalizumab": "mri",
    "liver_tests_and_blood_count": "liver",
    "liver_tests": "liver",
    "alt_ast_bilirubin": "liver",
    "anti_natalizumab_antibodies": "drug_antibodies",
    "serum_immunoglobulins": "immunoglobulins",
    "immunoglobulins": "immunoglobulins",
    "hepatitis_b_reactivation_watch": "hepatitis_b",
    "hepatitis_b_watch_if_past_infection": "hepatitis_b",
    "breast_cancer_screening": "breast",
    "pregnancy_status": "pregnancy",
    "pregnancy_test": "pregnancy",
    "cbc_with_differential": "blood_count",
    "cbc_with_platelets": "blood_count",
    "serum_creatinine": "kidneys",
    "urinalysis_with_urine_cell_counts": "urine",
    "thyroid_function_tsh": "thyroid",
    "skin_exam": "skin",
    "hpv_cervical_screening": "cervix",
    "cd4_count": "cd4",
    "monthly_symptom_self_check": "self_check",
    "lvef": "heart",
    "lvef_after_stopping": "heart",
    "cumulative_dose": "total_dose",
    "kidney_function_blood_pressure_fluid_status": "kidneys",
}
# Facts that hold for some people only, as their own words say: a prescriber says whether this one is among them.
_FOR_SOME = {
    "mri_brain_higher_pml_risk_jcv_positive_and_18_mo",
    "hepatitis_b_reactivation_watch",
    "hepatitis_b_watch_if_past_infection",
    "hpv_cervical_screening",
    "pregnancy_test",
    "cd4_count",
}


def code_of_fact(fact: str) -> str:
    """The test that a fact asks for; a fact that nobody has read yet is a test of its own."""
    return _BY_NAME.get(fact.rsplit(".", 1)[-1], fact)


def is_for_some(fact: str) -> bool:
    return fact.rsplit(".", 1)[-1] in _FOR_SOME


def named_test(code: str, item: str = "") -> Test:
    """A test by its code; `item` are the words of the fact, for one that is not listed."""
    return TESTS.get(code) or Test(code, item or code.rsplit(".", 1)[-1].replace("_", " "), TEAM)
