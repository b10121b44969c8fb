//! What the HTTP functions share: actors, permissions, problems, idempotency, OpenAPI.
