"""The learning library: articles, their review, and the pages people read."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EducationConfig(AppConfig):
    """Contributes an article to Today, the review queue to the staff's day, and the demo library."""

    name = "education"
    verbose_name = _("learning library")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the registries and take over Wagtail's notices."""
        from education import contributed, notices
        from portal.lib import contributions

        notices.connect()
        contributions.api_nouns["education"] = _("Articles")
        contributions.article_search.add(10, contributed.article_search)
        contributions.article_at.add(10, contributed.article_at)
        contributions.texts_naming.add(10, contributed.articles_naming)
        contributions.today_cards.add(90, contributed.article_card)
        contributions.staff_today.add(60, contributed.review_card)
        contributions.demo_loaders.add(60, contributed.load_library)
