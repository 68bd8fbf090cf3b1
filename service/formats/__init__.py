"""Formats of numbers, money, dates and names in documents; nothing here searches a text."""
