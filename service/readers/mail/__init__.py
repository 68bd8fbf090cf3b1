"""Read mails: headers, MIME, charsets, bodies and quoted replies, all by way of a Letter."""
