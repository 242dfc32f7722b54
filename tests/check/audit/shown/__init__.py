"""The page docs/audit.md: what the auditor says of the six systems, and how they train before and after."""
