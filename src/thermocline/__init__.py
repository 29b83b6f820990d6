"""The command line, the reports and the sandbox around analysis, planner and executor."""
