"""The list before a dose: states with evidence, answers of the last day, to whom lines apply, reminders."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import patients.fields
import portal.lib.ids
from portal.lib.db.rls import SYSTEM, PatientRows

# Ticked before there were states. The owner passes row security only while it is not forced on the owner.
TICKED = """
    ALTER TABLE treatment_checklistitem NO FORCE ROW LEVEL SECURITY;
    UPDATE treatment_checklistitem SET state = 'done' WHERE done_at IS NOT NULL;
    ALTER TABLE treatment_checklistitem FORCE ROW LEVEL SECURITY;
"""


def key() -> tuple:
    return (
        "id",
        models.UUIDField(default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
    )


def made() -> tuple:
    return ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False))


def to(name: str, model: str, *, related: str = "+", null: bool = False) -> tuple:
    field = models.ForeignKey(
        null=null, on_delete=django.db.models.deletion.PROTECT, related_name=related, to=model
    )
    return (name, field)


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0006_attention"),
        ("treatment", "0005_courses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("checklistitem", "draw_by", models.DateField(null=True)),
        migrations.AddField("checklistitem", "due_on", models.DateField(null=True)),
        migrations.AddField("checklistitem", "valid_until", models.DateField(null=True)),
        migrations.AddField(
            "checklistitem",
            "state",
            models.CharField(
                choices=[
                    ("open", "Still open"),
                    ("waiting", "Begun, waiting"),
                    ("done", "Done"),
                    ("not_needed", "Not needed"),
                    ("concern", "Stopped: call first"),
                ],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            "checklistitem",
            "owner",
            models.CharField(
                choices=[
                    ("you", "You"),
                    ("team", "Your team"),
                    ("lab", "The lab"),
                    ("nurse", "Your nurse"),
                    ("clinic", "The clinic"),
                    ("insurer", "Your insurer"),
                ],
                max_length=7,
            ),
        ),
        migrations.RunSQL(TICKED, migrations.RunSQL.noop),
        migrations.RemoveConstraint("checklistitem", "checklistitem_owner_known"),
        migrations.AddConstraint(
            "checklistitem",
            models.CheckConstraint(
                condition=models.Q(("owner__in", ["you", "team", "lab", "nurse", "clinic", "insurer"])),
                name="checklistitem_owner_known",
            ),
        ),
        migrations.AddConstraint(
            "checklistitem",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", False), ("state__in", ["done", "not_needed"])),
                    models.Q(("done_at__isnull", True), ("state__in", ["open", "waiting", "concern"])),
                    _connector="OR",
                ),
                name="checklistitem_state_fits",
            ),
        ),
        migrations.AddConstraint(
            "checklistitem",
            models.CheckConstraint(
                condition=models.Q(
                    ("draw_by__isnull", True),
                    ("due_on__isnull", True),
                    ("draw_by__lte", models.F("due_on")),
                    _connector="OR",
                ),
                name="checklistitem_drawn_before_due",
            ),
        ),
        migrations.CreateModel(
            name="ItemNote",
            fields=[
                key(),
                made(),
                ("state", models.CharField(max_length=10)),
                ("noted_at", models.DateTimeField()),
                ("capacity", models.CharField(max_length=12)),
                ("day", models.DateField(null=True)),
                ("valid_until", models.DateField(null=True)),
                ("text", patients.fields.SealedField()),
                to("item", "treatment.checklistitem", related="notes"),
                to("noted_by", settings.AUTH_USER_MODEL),
                to("patient", "patients.patient"),
            ],
            options={
                "indexes": [models.Index(fields=["item", "-noted_at"], name="itemnote_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["open", "waiting", "done", "not_needed", "concern"])
                        ),
                        name="itemnote_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("capacity__in", ["self", "team", "break_glass"])),
                        name="itemnote_capacity_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DoseAnswer",
            fields=[
                key(),
                made(),
                ("answered_at", models.DateTimeField()),
                (
                    "place",
                    models.CharField(
                        choices=[("home", "At home"), ("phone", "On the phone"), ("chair", "At the chair")],
                        max_length=5,
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("none", "No concern was named"),
                            ("tell_nurse", "Something for the nurse to know"),
                            ("call_first", "Call first"),
                        ],
                        max_length=10,
                    ),
                ),
                ("answers", patients.fields.SealedField()),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("agreed", patients.fields.SealedField()),
                to("answered_by", settings.AUTH_USER_MODEL),
                to("dose", "treatment.dose", related="answers"),
                to("patient", "patients.patient"),
                to("reviewed_by", settings.AUTH_USER_MODEL, null=True),
            ],
            options={
                "indexes": [
                    models.Index(fields=["dose", "-answered_at"], name="doseanswer_newest"),
                    models.Index(
                        condition=models.Q(
                            ("reviewed_at__isnull", True), models.Q(("level", "none"), _negated=True)
                        ),
                        fields=["answered_at"],
                        name="doseanswer_to_look_at",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("level__in", ["none", "tell_nurse", "call_first"])),
                        name="doseanswer_level_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("place__in", ["home", "phone", "chair"])),
                        name="doseanswer_place_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="doseanswer_reviewed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Applies",
            fields=[
                key(),
                made(),
                ("group", models.SlugField(max_length=40)),
                ("applies", models.BooleanField()),
                ("said_at", models.DateTimeField()),
                to("patient", "patients.patient"),
                to("said_by", settings.AUTH_USER_MODEL),
            ],
            options={
                "verbose_name_plural": "applies",
                "indexes": [models.Index(fields=["patient", "group", "-said_at"], name="applies_newest")],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                key(),
                made(),
                ("step", models.PositiveSmallIntegerField()),
                ("target", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Handed to the mail"),
                            ("nobody", "No account: nobody to write to"),
                            ("canceled", "Canceled before it was sent"),
                        ],
                        max_length=8,
                    ),
                ),
                ("queued_at", models.DateTimeField()),
                ("mail_id", models.UUIDField(null=True)),
                to("dose", "treatment.dose", related="reminders"),
                to("patient", "patients.patient"),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["dose", "target", "step"], name="reminder_step_once"),
                    models.CheckConstraint(
                        condition=models.Q(("step__in", [14, 7, 3, 1])), name="reminder_step_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("mail_id__isnull", True), ("state", "nobody")),
                            models.Q(("mail_id__isnull", False), ("state__in", ["queued", "canceled"])),
                            _connector="OR",
                        ),
                        name="reminder_state_fits",
                    ),
                ],
            },
        ),
        PatientRows("itemnote", area="treatment"),
        PatientRows("doseanswer", area="treatment"),
        PatientRows("applies", area="treatment"),
        PatientRows("reminder", area="treatment", check=f"({SYSTEM})"),
    ]
