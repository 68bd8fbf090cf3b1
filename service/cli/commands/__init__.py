"""Commands and their options as typer reads them; what a command does is imported when it runs."""
