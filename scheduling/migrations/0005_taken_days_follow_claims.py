"""The database keeps `scheduling_takenday` in step with the claims, whoever writes them.

A new claim adds its quarters; one that ends has its days counted anew. Both take the day's row first: two that write at once
follow each other, and the later one sees what the earlier one did.
"""

from django.db import migrations

QUARTERS = """
CREATE FUNCTION scheduling_quarters(during tstzrange, day date) RETURNS bit(96)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT (~(0::bit(96)) << (96 - (until - since))) >> since FROM (
        SELECT greatest(0, floor(date_part('epoch', lower(during) - (day::timestamp AT TIME ZONE 'UTC')) / 900))::int AS since,
               least(96, ceil(date_part('epoch', upper(during) - (day::timestamp AT TIME ZONE 'UTC')) / 900))::int AS until
    ) bounds
$$;
"""

DAYS = """
CREATE FUNCTION scheduling_days(during tstzrange) RETURNS SETOF date
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT day::date FROM generate_series(
        (lower(during) AT TIME ZONE 'UTC')::date::timestamp,
        (upper(during) AT TIME ZONE 'UTC' - interval '1 microsecond')::date::timestamp, interval '1 day') day
$$;
"""

FOLLOW = """
CREATE FUNCTION scheduling_follow_claim() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    on_day date;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.released_at IS NULL AND (
        TG_OP = 'DELETE' OR NEW.released_at IS NOT NULL OR NEW.during <> OLD.during OR NEW.resource_id <> OLD.resource_id
    ) THEN
        FOR on_day IN SELECT scheduling_days(OLD.during) ORDER BY 1 LOOP
            PERFORM 1 FROM scheduling_takenday t WHERE t.resource_id = OLD.resource_id AND t.day = on_day FOR UPDATE;
            UPDATE scheduling_takenday t SET quarters = (
                SELECT coalesce(bit_or(scheduling_quarters(c.during, on_day)), 0::bit(96)) FROM scheduling_claim c
                WHERE c.resource_id = OLD.resource_id AND c.released_at IS NULL AND c.during && tstzrange(
                    on_day::timestamp AT TIME ZONE 'UTC', (on_day + 1)::timestamp AT TIME ZONE 'UTC')
            ) WHERE t.resource_id = OLD.resource_id AND t.day = on_day;
        END LOOP;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.released_at IS NULL THEN
        FOR on_day IN SELECT scheduling_days(NEW.during) ORDER BY 1 LOOP
            INSERT INTO scheduling_takenday AS t (resource_id, day, quarters)
            VALUES (NEW.resource_id, on_day, scheduling_quarters(NEW.during, on_day))
            ON CONFLICT (resource_id, day) DO UPDATE SET quarters = t.quarters | EXCLUDED.quarters;
        END LOOP;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER claim_followed AFTER INSERT OR UPDATE OR DELETE ON scheduling_claim
    FOR EACH ROW EXECUTE FUNCTION scheduling_follow_claim();
"""

FILL = """
INSERT INTO scheduling_takenday (resource_id, day, quarters)
SELECT c.resource_id, d.day, bit_or(scheduling_quarters(c.during, d.day))
FROM scheduling_claim c CROSS JOIN LATERAL scheduling_days(c.during) AS d(day)
WHERE c.released_at IS NULL GROUP BY 1, 2;
"""

OPEN = """
DROP TRIGGER claim_followed ON scheduling_claim;
DROP FUNCTION scheduling_follow_claim();
DROP FUNCTION scheduling_days(tstzrange);
DROP FUNCTION scheduling_quarters(tstzrange, date);
DELETE FROM scheduling_takenday;
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0004_taken_days")]

    operations = [
        migrations.RunSQL(QUARTERS + DAYS + FOLLOW, OPEN),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
