"""Write the index of the search for articles that are there already. Their search text is folded; only its words are split here."""

import re

from django.db import migrations

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def index(apps, schema_editor):
    Article = apps.get_model("education", "Article")
    SearchWord = apps.get_model("education", "SearchWord")
    SearchOccurrence = apps.get_model("education", "SearchOccurrence")
    for article in Article.objects.only("pk", "search_text").iterator(200):
        title, _, _rest = article.search_text.partition("\n")
        words = {word[:80] for word in WORD.findall(article.search_text)}
        in_title = {word[:80] for word in WORD.findall(title)}
        SearchWord.objects.bulk_create([SearchWord(word=word) for word in words], ignore_conflicts=True)
        ids = dict(SearchWord.objects.filter(word__in=words).values_list("word", "pk"))
        SearchOccurrence.objects.bulk_create(
            [
                SearchOccurrence(word_id=ids[word], article_id=article.pk, in_title=word in in_title)
                for word in words
            ],
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):
    dependencies = [("education", "0003_search_index")]

    operations = [migrations.RunPython(index, migrations.RunPython.noop)]
