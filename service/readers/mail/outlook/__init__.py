"""Messages as Outlook keeps them: MSG, TNEF, MAPI properties."""
