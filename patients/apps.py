"""The patient, who may see them, their keys, trail, drafts and question list."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PatientsConfig(AppConfig):
    name = "patients"

    def ready(self) -> None:
        from accounts.middleware import keepers
        from patients.contributed import DRAFT_KINDS, TRAIL_ACTS, questions_card
        from patients.drafting import keep_expired_post
        from patients.trail import write_pending, write_refusals
        from portal.lib.actor import set_refusal_writer, set_trail_writer
        from portal.lib.contributions import api_nouns, draft_kinds, notice_kinds, today_cards, trail_acts

        set_trail_writer(write_pending)
        set_refusal_writer(write_refusals)
        if keep_expired_post not in keepers:
            keepers.append(keep_expired_post)
        api_nouns["patients"] = _("Details, questions, carers and who looked")
        notice_kinds.add("access-notice")
        draft_kinds.update(DRAFT_KINDS)
        trail_acts.update(TRAIL_ACTS)
        today_cards.add(40, questions_card)
