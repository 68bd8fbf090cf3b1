"""Notation: numbers, money, dates and names as documents write them; no text is searched here."""
