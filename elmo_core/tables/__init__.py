"""Tables of users, whatever the file: bytes to rows, columns and what was left out."""
