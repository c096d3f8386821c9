"""The form of the display settings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.lib import display, forms


class DisplayForm(forms.Form):
    """Theme, text size, contrast, font and pace: the same five for every page."""

    text_size = forms.ChoiceField(
        label=_("Text size"), choices=[(str(size), label) for size, label in display.TEXT_SIZES]
    )
    theme = forms.ChoiceField(label=_("Colors"), choices=display.THEMES)
    contrast = forms.ChoiceField(label=_("Contrast"), choices=display.CONTRASTS)
    font = forms.ChoiceField(
        label=_("Font"),
        help_text=_("The portal's font was made for people with low vision."),
        choices=display.FONTS,
    )
    pace = forms.ChoiceField(
        label=_("How much at once"),
        help_text=_(
            "On days when you are tired, pages can ask one thing at a time and show the short version first."
        ),
        choices=display.PACES,
    )

    def look(self) -> display.Look:
        """The checked choices."""
        data = self.cleaned_data
        return display.Look(
            theme=data["theme"],
            text_size=int(data["text_size"]),
            contrast=data["contrast"],
            device_font=data["font"] == "device",
            low_energy=data["pace"] == "one",
        )
