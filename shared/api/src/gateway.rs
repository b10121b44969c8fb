//! What the HTTP API in front of a function knows about a request.

use http::Extensions;
use lambda_http::request::RequestContext;

use crate::client::ClientAddress;

/// Where a request comes from: the address that the gateway itself saw, never one that a header says. `None` without a
/// gateway.
pub(crate) fn client_address(extensions: &Extensions) -> Option<ClientAddress> {
    match extensions.get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => {
            let address = context.http.source_ip.as_deref()?.parse().ok()?;
            Some(ClientAddress(address))
        }
        _ => None,
    }
}
