"""Read messages as Outlook stores them: MSG, TNEF, MAPI properties."""
