"""Who writes and who reviews, and the one review every article goes through.

Editors write and submit; they cannot publish. Reviewers look, decide and withdraw; they do not write. Wagtail's own groups
and its workflow, in which people may approve their own pages, are taken away: the portal has no Wagtail pages.
"""

from django.db import migrations

ARTICLE_RIGHTS = {
    "add_article": "Can add article",
    "change_article": "Can change article",
    "view_article": "Can view article",
    "publish_article": "Can publish article",
    "review_article": "Can approve articles of other people",
}
TOPIC_RIGHTS = {
    "add_topic": "Can add topic",
    "change_topic": "Can change topic",
    "view_topic": "Can view topic",
}
GROUPS = {
    "Editors": ["add_article", "change_article", "view_article", "add_topic", "change_topic", "view_topic"],
    "Reviewers": ["view_article", "publish_article", "review_article", "view_topic"],
}
WORKFLOW = "Clinical review"


def make(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")

    def kind(app_label, model):
        return ContentType.objects.get_or_create(app_label=app_label, model=model)[0]

    rights = {}
    for model, wanted in (("article", ARTICLE_RIGHTS), ("topic", TOPIC_RIGHTS)):
        content_type = kind("education", model)
        for codename, name in wanted.items():
            rights[codename] = Permission.objects.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": name}
            )[0]
    door = Permission.objects.get_or_create(
        content_type=kind("wagtailadmin", "admin"),
        codename="access_admin",
        defaults={"name": "Can access Wagtail admin"},
    )[0]

    take_away_wagtails(apps)
    for name, codenames in GROUPS.items():
        group = Group.objects.get_or_create(name=name)[0]
        group.permissions.set([door, *(rights[codename] for codename in codenames)])

    Task = apps.get_model("education", "ClinicalReviewTask")
    task = Task.objects.create(
        name=WORKFLOW, active=True, content_type=kind("education", "clinicalreviewtask")
    )
    workflow = apps.get_model("wagtailcore", "Workflow").objects.create(name=WORKFLOW, active=True)
    apps.get_model("wagtailcore", "WorkflowTask").objects.create(
        workflow=workflow, task_id=task.task_ptr_id, sort_order=0
    )
    apps.get_model("wagtailcore", "WorkflowContentType").objects.create(
        workflow=workflow, content_type=kind("education", "article")
    )


def take_away_wagtails(apps):
    Group = apps.get_model("auth", "Group")
    theirs = Group.objects.filter(name__in=["Editors", "Moderators"])
    for model in ("GroupPagePermission", "GroupCollectionPermission"):
        apps.get_model("wagtailcore", model).objects.filter(group__in=theirs).delete()
    Group.objects.filter(name="Moderators").delete()
    approval = apps.get_model("wagtailcore", "Workflow").objects.filter(name="Moderators approval")
    apps.get_model("wagtailcore", "WorkflowPage").objects.filter(workflow__in=approval).delete()
    apps.get_model("wagtailcore", "WorkflowTask").objects.filter(workflow__in=approval).delete()
    approval.delete()
    apps.get_model("wagtailcore", "GroupApprovalTask").objects.filter(name="Moderators approval").delete()


def unmake(apps, schema_editor):
    Workflow = apps.get_model("wagtailcore", "Workflow")
    ours = Workflow.objects.filter(name=WORKFLOW)
    apps.get_model("wagtailcore", "WorkflowContentType").objects.filter(workflow__in=ours).delete()
    apps.get_model("wagtailcore", "WorkflowTask").objects.filter(workflow__in=ours).delete()
    ours.delete()
    apps.get_model("education", "ClinicalReviewTask").objects.filter(name=WORKFLOW).delete()
    apps.get_model("auth", "Group").objects.filter(name__in=list(GROUPS)).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("education", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("wagtailadmin", "0006_formstate"),
        ("wagtailcore", "0098_apitoken"),
        ("wagtailimages", "0027_image_description"),
        ("wagtaildocs", "0014_alter_document_file_size"),
    ]

    operations = [migrations.RunPython(make, unmake)]
