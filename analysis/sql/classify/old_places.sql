-- Purpose: objects of the old data by place, the thousand heaviest places.
-- Columns: place, objects.
SELECT place, objects FROM old_place WHERE objects > 0 ORDER BY objects DESC, place LIMIT 1000;
