//! What somebody is told who may not.

use domain::Error;
use domain::membership::Denial;

/// The refusal of an act on a thing of this kind.
pub(crate) fn denied(denial: Denial, kind: &'static str) -> Error {
    let (code, detail) = match denial {
        Denial::Hidden => return Error::NotFound { kind },
        Denial::OwnersOnly(permission) => {
            return Error::field(
                "/permissions",
                "owners_only",
                format!("{} belongs to owners alone: leave it out", name(permission)),
            );
        }
        Denial::Lacks(permission) => (
            "forbidden",
            format!("you lack the permission {}", name(permission)),
        ),
        Denial::BeyondOwn(permissions) => {
            let names: Vec<&str> = permissions.into_iter().map(name).collect();
            (
                "beyond_own_rights",
                format!("you cannot give what you lack: {}", names.join(", ")),
            )
        }
        Denial::BeyondOwnAccounts => (
            "beyond_own_rights",
            "you are limited to some accounts and cannot give access to others".to_owned(),
        ),
        Denial::NotForSupport => ("support_read_only", "support only reads".to_owned()),
        Denial::Outranked => (
            "outranked",
            format!("this {kind} has rights that you lack: ask somebody who has them"),
        ),
        Denial::HolderOutranks => (
            "outranked",
            format!(
                "somebody with this {kind} has rights that you lack: ask somebody who has them"
            ),
        ),
    };
    Error::Forbidden { code, detail }
}

fn name(permission: domain::membership::Permission) -> &'static str {
    api::permission::name(permission)
}
