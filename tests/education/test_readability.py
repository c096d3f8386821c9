"""Grades against numbers worked out by hand."""

from __future__ import annotations

from math import sqrt

import pytest

from education.readability import HIGHEST_GRADE, Reading, read, sentences_of, syllables, words_of

#: Spoken syllables, counted aloud.
SPOKEN = {
    1: "drip called takes drive free months team cells blood brain hour once eye chest face skin checked dose",
    2: "treatment needle people needed table nurses doctor immune vaccine fever minutes symptom relapse tired useful",
    3: "infusion medicine family video gradual sclerosis multiple relapses period reaction allergy together everyone",
    4: "neurologist antibody hepatitis experience comfortable emergency usually",
    5: "natalizumab ocrelizumab alemtuzumab ublituximab tuberculosis",
}


@pytest.mark.parametrize(
    ("count", "word"), [(count, word) for count, words in SPOKEN.items() for word in words.split()]
)
def test_syllables_as_spoken(count: int, word: str) -> None:
    assert syllables(word) == count


@pytest.mark.parametrize(
    ("word", "count"), [("2026", 2), ("4", 1), ("100.4", 2), ("don't", 1), ("didn't", 2), ("we'll", 1)]
)
def test_numbers_and_short_forms(word: str, count: int) -> None:
    assert syllables(word) == count


def test_flesch_kincaid_by_hand() -> None:
    # "The cat sat on the mat." 6 words, 6 syllables, 1 sentence: 0.39*6 + 11.8*1 - 15.59 = -1.45, which is grade 0.
    assert read("The cat sat on the mat.").flesch_kincaid == 0.0
    # 10 words, 2 sentences, 16 syllables: 0.39*5 + 11.8*1.6 - 15.59 = 5.24.
    assert Reading(sentences=2, words=10, syllables=16, long_words=0).flesch_kincaid == 5.2
    # "Your doctor can slow the infusion. Tell the nurse at once." words 6 + 5 = 11, sentences 2,
    # syllables 1+2+1+1+1+3 + 1+1+1+1+1 = 14: 0.39*5.5 + 11.8*14/11 - 15.59 = 1.57.
    reading = read("Your doctor can slow the infusion. Tell the nurse at once.")
    assert (reading.words, reading.sentences, reading.syllables, reading.long_words) == (11, 2, 14, 1)
    assert reading.flesch_kincaid == 1.6


def test_smog_by_hand() -> None:
    # 30 sentences with 30 long words: 1.0430*sqrt(30) + 3.1291 = 8.84; with none: 3.13.
    assert Reading(sentences=30, words=300, syllables=400, long_words=30).smog == 8.8
    assert Reading(sentences=30, words=300, syllables=300, long_words=0).smog == 3.1
    # 1 long word in 2 sentences: 1.0430*sqrt(15) + 3.1291 = 7.17.
    assert read("Your doctor can slow the infusion. Tell the nurse at once.").smog == round(
        1.043 * sqrt(15) + 3.1291, 1
    )
    assert HIGHEST_GRADE == 8.0


def test_the_grade_is_the_stricter_formula() -> None:
    reading = Reading(sentences=30, words=300, syllables=400, long_words=30)
    assert reading.flesch_kincaid == 4.0  # 0.39*10 + 11.8*4/3 - 15.59 = 4.04
    assert reading.grade == 8.8


def test_an_empty_text_has_grade_0() -> None:
    assert read("").grade == 0.0
    assert read(["", "…"]).grade == 0.0


def test_rows_and_headings_end_a_sentence() -> None:
    assert sentences_of("One. Two! Three? “Four.” Five\nsix") == [
        "One.",
        "Two!",
        "Three?",
        "“Four.",
        "Five",
        "six",
    ]
    assert read(["Fever", "Call us"]).sentences == 2
    assert words_of("It takes 3.5 hours, don't rush.") == ["It", "takes", "3.5", "hours", "don't", "rush"]
