//! What people see in a browser: the dashboard and the reference of the API.

mod dashboard;
mod reference;

pub(crate) use dashboard::Dashboard;
pub(crate) use reference::page;

/// Where the built dashboard does not say otherwise: nothing from elsewhere, no frames.
fn content_security_policy(scripts: &[String]) -> String {
    // Avatars and media come from the networks' servers; the media of this run from this host under both its names.
    let local = "http://127.0.0.1:* http://localhost:*";
    format!(
        "default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: blob: https: {local}; media-src 'self' blob: https: {local}; \
         connect-src 'self' {local}; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
        scripts = scripts.join(" ")
    )
}
