"""`/api/v1/journal/charts/`: the numbers behind the charts, by date and by day of treatment cycle, each with its sentence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from journal import charting
from journal.api import serializers as shapes
from journal.api.views import JournalView
from journal.charting import Point
from journal.charts import SIGHTS, Sight, charts_by_cycle, charts_by_date
from journal.symptoms import WORDS
from patients.requests import STAFF, About, about
from patients.services import record_view
from portal.lib.api import PatientQuery
from portal.lib.time import now as present
from portal.lib.time import today_in

SCALE = [{"level": level, "word": word} for level, word in WORDS.items()]


class ChartView(JournalView):
    """Charts of one journal, as far as it is open to the person."""

    def sight(self, asked: About) -> Sight:
        """What the person's charts are made of; the look is put on the trail."""
        record_view(
            asked.user, asked.patient, "journal.shared-view" if asked.is_staff else "journal.charts-view"
        )
        return SIGHTS[asked.capacity]


class DateCharts(ChartView):
    queries = {"get": shapes.ChartQuery}

    @extend_schema(responses={200: shapes.DateChartsRead})
    def get(self, request: Request) -> Response:
        """Charts by date. A carer with the journal gets what is not sensitive, and no infusions; the team gets what is shared."""
        asked = about(self, "shared_journal")
        sight, today = self.sight(asked), today_in(present(), asked.zone)
        stretch = charting.RANGES[self.asked["range"]]
        first = stretch.first(today)
        charts = charts_by_date(asked.user, asked.patient, sight=sight, stretch=stretch, today=today)
        shown = {
            "starts_on": first,
            "ends_on": today,
            "days_in_place": stretch.days_in_slot,
            "infusions": charts.given,
            "infusions_sentence": charts.infusions,
            "scale": SCALE,
            "charts": [
                {
                    "code": panel.code,
                    "name": panel.name,
                    "title": panel.title,
                    "sentence": panel.sentence,
                    "points": [
                        {**span(point), "starts_on": first + timedelta(days=point.slot * panel.days_in_slot)}
                        for point in panel.points
                    ],
                }
                for panel in charts.panels
            ],
        }
        return Response(shapes.DateChartsRead(shown).data)


class CycleCharts(ChartView):
    queries = {"get": PatientQuery}

    @extend_schema(responses={200: shapes.CycleChartsRead})
    def get(self, request: Request) -> Response:
        """Charts by day of treatment cycle, for the patient, and of what is shared for the team. Carers do not see treatment."""
        asked = about(self, "shared_journal", "self", *STAFF)
        sight, today = self.sight(asked), today_in(present(), asked.zone)
        charts = charts_by_cycle(asked.user, asked.patient, sight=sight, today=today)
        shown = {
            "last_days": charting.LAST_DAYS,
            "scale": SCALE,
            "charts": [
                {
                    "code": panel.code,
                    "name": panel.name,
                    "title": panel.title,
                    "sentence": panel.sentence,
                    "days_in_place": panel.days_in_slot,
                    "this_cycle": in_cycle(panel.points, panel.days_in_slot),
                    "earlier_cycles": in_cycle(panel.earlier, panel.days_in_slot),
                }
                for panel in charts.panels
            ],
        }
        return Response(shapes.CycleChartsRead(shown).data)


def span(point: Point) -> dict[str, Any]:
    """What was noted at one place."""
    return {
        "level": point.level,
        "word": WORDS[point.level],
        "lowest": point.lowest,
        "highest": point.highest,
        "days": point.days,
    }


def in_cycle(points: Iterable[Point], days_in_place: int) -> list[dict[str, Any]]:
    """Points with the first day of their place; the day of the infusion is day 1."""
    return [{**span(point), "first_day": point.slot * days_in_place + 1} for point in points]
