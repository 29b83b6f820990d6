"""How money is spoken of, in the plan's sentences and in every report and table."""


def money(amount: float | None) -> str:
    """US dollars; below a cent it says so instead of rounding to nothing, and a dash stands where nobody knows."""
    if amount is None:
        return "–"
    sign = "−" if amount < 0 else ""
    amount = abs(amount)
    if amount and amount < 0.01:
        return f"{sign}<$0.01"
    return f"{sign}${amount:,.0f}" if amount >= 1000 else f"{sign}${amount:.2f}"
