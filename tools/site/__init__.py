"""The built pages: opened, audited, weighed, and their pictures."""
