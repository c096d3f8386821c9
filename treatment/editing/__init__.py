"""Making a new version of a protocol: a draft of the site, fact by fact, each with source and status; a version itself is never edited."""
