//! What each operation is called in the audit log, and what it is about there: a public contract, so each row is written by
//! hand.

/// Operation, kind of its event, kind of the event's subject.
pub(super) const KINDS: [(&str, &str, &str); 88] = [
    (
        "POST /v1/account-groups",
        "account_group.created",
        "account_group",
    ),
    (
        "DELETE /v1/account-groups/{id}",
        "account_group.deleted",
        "account_group",
    ),
    (
        "PATCH /v1/account-groups/{id}",
        "account_group.changed",
        "account_group",
    ),
    ("POST /v1/accounts", "account.connected", "account"),
    (
        "POST /v1/accounts/authorizations/complete",
        "account.reconnected",
        "account",
    ),
    (
        "DELETE /v1/accounts/{id}",
        "account.disconnected",
        "account",
    ),
    ("POST /v1/accounts/{id}/check", "account.checked", "account"),
    (
        "POST /v1/accounts/{id}/reconnect",
        "account.reconnected",
        "account",
    ),
    ("POST /v1/api-keys", "api_key.created", "api_key"),
    ("DELETE /v1/api-keys/{id}", "api_key.revoked", "api_key"),
    (
        "POST /v1/api-keys/{id}/rotate",
        "api_key.replaced",
        "api_key",
    ),
    (
        "POST /v1/auth/admit-browser",
        "user.browser_admitted",
        "user",
    ),
    ("POST /v1/auth/confirm-email", "user.email_changed", "user"),
    (
        "POST /v1/auth/forgot-password",
        "user.password_reset_requested",
        "user",
    ),
    ("POST /v1/auth/login", "user.signed_in", "user"),
    ("POST /v1/auth/logout", "user.session_ended", "user"),
    (
        "POST /v1/auth/lost-second-factor",
        "user.factor_reset_requested",
        "user",
    ),
    (
        "POST /v1/auth/new-browser",
        "user.browser_admission_requested",
        "user",
    ),
    ("POST /v1/auth/passkey", "user.signed_in", "user"),
    (
        "POST /v1/auth/reauthenticate",
        "user.reauthenticated",
        "user",
    ),
    ("POST /v1/auth/register", "user.registered", "user"),
    (
        "POST /v1/auth/resend-verification",
        "user.verification_requested",
        "user",
    ),
    (
        "POST /v1/auth/reset-password",
        "user.password_reset",
        "user",
    ),
    (
        "POST /v1/auth/reset-second-factor",
        "user.factors_reset",
        "user",
    ),
    ("POST /v1/auth/revert-email", "user.email_reverted", "user"),
    (
        "POST /v1/auth/stop-second-factor-reset",
        "user.factor_reset_stopped",
        "user",
    ),
    ("POST /v1/auth/switch", "user.tenant_entered", "user"),
    ("POST /v1/auth/verify-email", "user.email_verified", "user"),
    ("POST /v1/exports", "export.requested", "export"),
    ("POST /v1/exports/{id}/links", "export.downloaded", "export"),
    ("POST /v1/imports", "import.requested", "import"),
    ("POST /v1/imports/{id}/apply", "import.started", "import"),
    ("POST /v1/imports/{id}/cancel", "import.cancelled", "import"),
    ("POST /v1/imports/{id}/check", "import.checked", "import"),
    ("POST /v1/invitations", "invitation.created", "invitation"),
    ("POST /v1/invitations/accept", "member.joined", "member"),
    (
        "DELETE /v1/invitations/{id}",
        "invitation.withdrawn",
        "invitation",
    ),
    (
        "POST /v1/invitations/{id}/resend",
        "invitation.resent",
        "invitation",
    ),
    ("DELETE /v1/me", "user.deleted", "user"),
    ("PATCH /v1/me", "user.edited", "user"),
    ("DELETE /v1/me/avatar", "user.avatar_removed", "user"),
    ("PUT /v1/me/avatar", "user.avatar_changed", "user"),
    ("POST /v1/me/email", "user.email_change_requested", "user"),
    ("POST /v1/me/passkeys", "user.passkey_added", "user"),
    (
        "DELETE /v1/me/passkeys/{id}",
        "user.passkey_removed",
        "user",
    ),
    ("PATCH /v1/me/passkeys/{id}", "user.passkey_renamed", "user"),
    ("POST /v1/me/password", "user.password_changed", "user"),
    (
        "DELETE /v1/me/second-factor/authenticator",
        "user.authenticator_removed",
        "user",
    ),
    (
        "POST /v1/me/second-factor/authenticator/confirm",
        "user.authenticator_added",
        "user",
    ),
    (
        "POST /v1/me/second-factor/recovery-codes",
        "user.recovery_codes_renewed",
        "user",
    ),
    (
        "DELETE /v1/me/sessions",
        "user.other_sessions_ended",
        "user",
    ),
    ("DELETE /v1/me/sessions/{id}", "user.session_ended", "user"),
    ("POST /v1/media", "media.created", "media"),
    ("DELETE /v1/media/{id}", "media.deleted", "media"),
    ("PATCH /v1/media/{id}", "media.edited", "media"),
    ("POST /v1/media/{id}/complete", "media.completed", "media"),
    ("DELETE /v1/members/me", "member.removed", "member"),
    ("DELETE /v1/members/{id}", "member.removed", "member"),
    ("PATCH /v1/members/{id}", "member.changed", "member"),
    (
        "DELETE /v1/members/{id}/second-factor/reset",
        "member.factor_reset_withdrawn",
        "member",
    ),
    (
        "POST /v1/members/{id}/second-factor/reset",
        "member.factor_reset_approved",
        "member",
    ),
    (
        "PATCH /v1/networks/defaults",
        "tenant.defaults_changed",
        "tenant",
    ),
    ("POST /v1/posts", "post.created", "post"),
    ("DELETE /v1/posts/{id}", "post.deleted", "post"),
    ("PATCH /v1/posts/{id}", "post.edited", "post"),
    ("PATCH /v1/posts/{id}", "post.rescheduled", "post"),
    ("POST /v1/posts/{id}/cancel", "post.cancelled", "post"),
    ("POST /v1/posts/{id}/duplicate", "post.created", "post"),
    ("POST /v1/posts/{id}/hold", "post.held", "post"),
    ("POST /v1/posts/{id}/resume", "post.resumed", "post"),
    ("POST /v1/posts/{id}/retry", "post.retried", "post"),
    ("POST /v1/posts/{id}/schedule", "post.scheduled", "post"),
    (
        "POST /v1/posts/{id}/targets/{target}/resolve",
        "target.resolved",
        "delivery",
    ),
    ("POST /v1/posts/{id}/unschedule", "post.unscheduled", "post"),
    ("POST /v1/roles", "role.created", "role"),
    ("DELETE /v1/roles/{id}", "role.deleted", "role"),
    ("PATCH /v1/roles/{id}", "role.changed", "role"),
    ("POST /v1/support-sessions", "support.begun", "tenant"),
    (
        "DELETE /v1/support-sessions/current",
        "support.ended",
        "tenant",
    ),
    ("POST /v1/tenants", "tenant.created", "tenant"),
    ("DELETE /v1/tenants/{id}", "tenant.deleted", "tenant"),
    ("PATCH /v1/tenants/{id}", "tenant.changed", "tenant"),
    (
        "DELETE /v1/tenants/{id}/encryption-key",
        "tenant.encryption_key_changed",
        "tenant",
    ),
    (
        "POST /v1/tenants/{id}/encryption-key",
        "tenant.encryption_key_changed",
        "tenant",
    ),
    ("POST /v1/tenants/{id}/restore", "tenant.restored", "tenant"),
    (
        "PATCH /v1/tenants/{id}/security",
        "tenant.security_changed",
        "tenant",
    ),
    (
        "DELETE /v1/tenants/{id}/support-consent",
        "support.withdrawn",
        "tenant",
    ),
    (
        "POST /v1/tenants/{id}/support-consent",
        "support.allowed",
        "tenant",
    ),
];

/// What an event of this kind is about, where the operation may leave one.
pub(super) fn subject_of(operation: &str, kind: &str) -> Option<&'static str> {
    let mut rows = KINDS.iter();
    rows.find(|(of, named, _)| *of == operation && *named == kind)
        .map(|(.., subject)| *subject)
}
