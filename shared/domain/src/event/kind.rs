//! Every kind of event, and whether it belongs to the audit log.

use std::fmt;

macro_rules! event_kinds {
    (audited { $($audited:ident = $audited_name:literal,)+ } not_audited { $($other:ident = $other_name:literal,)+ }) => {
        /// What an event says happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is what its name says: an object and what happened to it")]
        pub enum EventKind {
            $($audited,)+
            $($other,)+
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$audited,)+ $(Self::$other,)+];

            /// Its stored name, such as `post.scheduled`; never given another meaning.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$audited => $audited_name,)+
                    $(Self::$other => $other_name,)+
                }
            }

            /// Whether the audit log has it: what somebody did or was refused, in contrast to what merely came of it.
            pub const fn is_audited(self) -> bool {
                match self {
                    $(Self::$audited => true,)+
                    $(Self::$other => false,)+
                }
            }
        }
    };
}

event_kinds! {
    audited {
        AccessDenied = "access.denied",
        AccountChecked = "account.checked",
        AccountConnected = "account.connected",
        AccountDisconnected = "account.disconnected",
        AccountImported = "account.imported",
        AccountReconnectNeeded = "account.reconnect_needed",
        AccountReconnected = "account.reconnected",
        AccountSignOutGivenUp = "account.sign_out_given_up",
        AccountSignedOut = "account.signed_out",
        AccountGroupCreated = "account_group.created",
        AccountGroupChanged = "account_group.changed",
        AccountGroupDeleted = "account_group.deleted",
        ApiKeyCreated = "api_key.created",
        ApiKeyReplaced = "api_key.replaced",
        ApiKeyRevoked = "api_key.revoked",
        AuditExported = "audit.exported",
        ExportRequested = "export.requested",
        ExportDownloaded = "export.downloaded",
        ImportRequested = "import.requested",
        ImportChecked = "import.checked",
        ImportStarted = "import.started",
        ImportCancelled = "import.cancelled",
        InvitationCreated = "invitation.created",
        InvitationResent = "invitation.resent",
        InvitationWithdrawn = "invitation.withdrawn",
        MediaCreated = "media.created",
        MediaCompleted = "media.completed",
        MediaEdited = "media.edited",
        MediaDeleted = "media.deleted",
        MemberJoined = "member.joined",
        MemberChanged = "member.changed",
        MemberRemoved = "member.removed",
        MemberFactorResetApproved = "member.factor_reset_approved",
        MemberFactorResetWithdrawn = "member.factor_reset_withdrawn",
        PostCreated = "post.created",
        PostEdited = "post.edited",
        PostScheduled = "post.scheduled",
        PostUnscheduled = "post.unscheduled",
        PostRescheduled = "post.rescheduled",
        PostCancelled = "post.cancelled",
        PostRetried = "post.retried",
        PostHeld = "post.held",
        PostResumed = "post.resumed",
        PostDeleted = "post.deleted",
        RoleCreated = "role.created",
        RoleChanged = "role.changed",
        RoleDeleted = "role.deleted",
        SigningKeyRetired = "signing_key.retired",
        SupportAllowed = "support.allowed",
        SupportWithdrawn = "support.withdrawn",
        SupportBegun = "support.begun",
        SupportEnded = "support.ended",
        TargetScheduled = "target.scheduled",
        TargetUnscheduled = "target.unscheduled",
        TargetCancelled = "target.cancelled",
        TargetRetried = "target.retried",
        TargetHeld = "target.held",
        TargetResumed = "target.resumed",
        TargetResolved = "target.resolved",
        TenantCreated = "tenant.created",
        TenantChanged = "tenant.changed",
        TenantDefaultsChanged = "tenant.defaults_changed",
        TenantDeleted = "tenant.deleted",
        TenantRestored = "tenant.restored",
        TenantErased = "tenant.erased",
        TenantEncryptionKeyChanged = "tenant.encryption_key_changed",
        TenantSecurityChanged = "tenant.security_changed",
        TenantKeyRotated = "tenant_key.rotated",
        UserAuthenticatorAdded = "user.authenticator_added",
        UserAuthenticatorRemoved = "user.authenticator_removed",
        UserAvatarChanged = "user.avatar_changed",
        UserAvatarRemoved = "user.avatar_removed",
        UserBrowserAdmissionRequested = "user.browser_admission_requested",
        UserBrowserAdmitted = "user.browser_admitted",
        UserDeleted = "user.deleted",
        UserEdited = "user.edited",
        UserEmailChangeRequested = "user.email_change_requested",
        UserEmailChanged = "user.email_changed",
        UserEmailReverted = "user.email_reverted",
        UserEmailVerified = "user.email_verified",
        UserOtherSessionsEnded = "user.other_sessions_ended",
        UserPasskeyAdded = "user.passkey_added",
        UserPasskeyRemoved = "user.passkey_removed",
        UserPasskeyRenamed = "user.passkey_renamed",
        UserPasswordChanged = "user.password_changed",
        UserPasswordReset = "user.password_reset",
        UserPasswordResetRequested = "user.password_reset_requested",
        UserReauthenticated = "user.reauthenticated",
        UserRecoveryCodeUsed = "user.recovery_code_used",
        UserRecoveryCodesRenewed = "user.recovery_codes_renewed",
        UserFactorsReset = "user.factors_reset",
        UserFactorResetRequested = "user.factor_reset_requested",
        UserFactorResetStopped = "user.factor_reset_stopped",
        UserRefreshTokenReused = "user.refresh_token_reused",
        UserRegistered = "user.registered",
        UserSessionEnded = "user.session_ended",
        UserSignInsFailed = "user.sign_ins_failed",
        UserSignedIn = "user.signed_in",
        UserTenantEntered = "user.tenant_entered",
        UserVerificationRequested = "user.verification_requested",
    }
    not_audited {
        TargetFailed = "target.failed",
        TargetMissed = "target.missed",
        TargetOutcomeUnknown = "target.outcome_unknown",
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn event_kinds_have_names_of_their_own() {
        let names: HashSet<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();

        assert_eq!(names.len(), EventKind::ALL.len());
        assert!(names.iter().all(|name| name.split('.').count() == 2));
    }
}
