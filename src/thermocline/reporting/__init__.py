"""Reports for people: figures and pages are pure functions of query results."""
