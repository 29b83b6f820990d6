"""From the catalogue to `plan.json`: ranked phases, each move with its reasons, cost and risk."""
