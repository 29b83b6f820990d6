"""Carries out the approved phases of a plan, so that nothing is lost and there is a way back."""
