"""Read office files: Word, Excel, PowerPoint, OpenDocument, RTF, and the old binary formats."""
