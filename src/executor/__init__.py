"""Carries out the approved phases of a plan, so that nothing is lost and there is a way back.

from executor.run import run, status
from executor.reading import Selection

result = asyncio.run(run(Path("plan.json"), Selection(phase=1)))
"""
