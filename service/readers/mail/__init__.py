"""What the readers of mail share: headers, MIME, charsets, bodies, quoted replies, and the Letter they all give."""
