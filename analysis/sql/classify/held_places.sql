-- Purpose: the places that hold objects, for scanners to be measured against; no more than a hundred thousand of them.
-- Needs: leaf, place_leaf. Columns: place.
SELECT DISTINCT place FROM leaf JOIN place_leaf USING (leaf_id) WHERE objects > 0 ORDER BY place LIMIT 100000;
