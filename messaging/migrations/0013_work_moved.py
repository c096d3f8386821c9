"""Each row of work holds the transaction that made it and the one that last changed what the work list shows of it.

An open list asks for rows from its own transaction on (`messaging.work.moved`). Transaction numbers, not times: a row is read later than
its transaction wrote it, and only PostgreSQL knows which numbers were still open when a page was made. A restore into another cluster keeps the
numbers (data come before triggers): larger ones than the new cluster's are read each time until it gets there, which is more than needed and still right.
"""

import django.db.models.deletion
from django.db import migrations, models

# Whatever a statement says about the two columns, they are the database's. As the owner, because the app does not write `messaging_workleft`.
MARK = """
CREATE FUNCTION messaging_mark_work() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    this_one bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.begun := this_one;
        NEW.moved := this_one;
        RETURN NEW;
    END IF;
    NEW.begun := OLD.begun;
    NEW.moved := OLD.moved;
    IF (NEW.state, NEW.owner_id, NEW.lane, NEW.due_at, NEW.priority, NEW.team_id, NEW.patient_id)
        IS DISTINCT FROM (OLD.state, OLD.owner_id, OLD.lane, OLD.due_at, OLD.priority, OLD.team_id, OLD.patient_id)
    THEN
        NEW.moved := this_one;
    END IF;
    IF NEW.team_id <> OLD.team_id THEN
        INSERT INTO messaging_workleft (team_id, moved) VALUES (OLD.team_id, this_one);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER work_marked BEFORE INSERT OR UPDATE ON messaging_workitem
    FOR EACH ROW EXECUTE FUNCTION messaging_mark_work();
"""

OPEN = """
DROP TRIGGER work_marked ON messaging_workitem;
DROP FUNCTION messaging_mark_work();
"""


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial"), ("messaging", "0012_notes_of_the_team")]

    operations = [
        migrations.AddField("workitem", "begun", models.BigIntegerField(default=0, editable=False)),
        migrations.AddField("workitem", "moved", models.BigIntegerField(default=0, editable=False)),
        migrations.AddIndex("workitem", models.Index(fields=["team", "moved"], name="work_moved")),
        migrations.CreateModel(
            name="WorkLeft",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("moved", models.BigIntegerField()),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.team"
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["team", "moved"], name="workleft_moved")]},
        ),
        migrations.RunSQL(MARK, OPEN),
    ]
