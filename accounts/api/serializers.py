"""How one's own account looks to a program, and what it may send."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.lib import display
from portal.lib.api import Write

SIZES = [size for size, _label in display.TEXT_SIZES]


@extend_schema_field({"type": "integer", "enum": SIZES})
class TextSize(serializers.IntegerField):
    """A text size in percent, one of those that pages know."""

    default_error_messages = {"unknown": _("Choose one of the sizes.")}

    def to_internal_value(self, data: Any) -> int:
        size = int(super().to_internal_value(data))
        if size not in SIZES:
            self.fail("unknown")
        return size


class DisplayRead(serializers.Serializer[Any]):
    """How a person wants to read."""

    theme = serializers.ChoiceField(choices=display.THEMES)
    text_size = TextSize(help_text=_("In percent."))
    contrast = serializers.ChoiceField(choices=display.CONTRASTS)
    font = serializers.ChoiceField(choices=display.FONTS)
    pace = serializers.ChoiceField(
        choices=display.PACES, help_text=_("“one” is low-energy mode: one thing at a time.")
    )


class DisplayWrite(Write):
    """How a person wants to read: all five choices."""

    theme = serializers.ChoiceField(choices=display.THEMES)
    text_size = TextSize(help_text=_("In percent."))
    contrast = serializers.ChoiceField(choices=display.CONTRASTS)
    font = serializers.ChoiceField(choices=display.FONTS)
    pace = serializers.ChoiceField(
        choices=display.PACES, help_text=_("“one” is low-energy mode: one thing at a time.")
    )

    def look(self) -> display.Look:
        """The checked choices. Call on valid data."""
        data = self.validated_data
        return display.Look(
            theme=data["theme"],
            text_size=data["text_size"],
            contrast=data["contrast"],
            device_font=data["font"] == "device",
            low_energy=data["pace"] == "one",
        )


class ProgramRead(serializers.Serializer[Any]):
    """A program that may act as you, or could. Its secret is shown to nobody."""

    id = serializers.UUIDField(source="token.id")
    name = serializers.CharField(source="token.label")
    prefix = serializers.CharField(source="token.prefix", help_text=_("How its token begins."))
    scopes = serializers.ListField(source="token.scopes", child=serializers.CharField())
    works = serializers.BooleanField()
    created_at = serializers.DateTimeField(source="token.created_at")
    expires_at = serializers.DateTimeField(source="token.expires_at")
    last_used_at = serializers.DateTimeField(source="token.last_used_at", allow_null=True)
    ended_at = serializers.DateTimeField(source="token.revoked_at", allow_null=True)
