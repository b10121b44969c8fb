//! What the HTTP API in front of the function knows about a request.

use api::ClientAddress;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use lambda_http::request::RequestContext;

/// Tells the routes where a request comes from: the address that the gateway itself saw, never one that a header says.
pub async fn tell_client_address(mut request: Request, next: Next) -> Response {
    let address = request
        .extensions()
        .get::<RequestContext>()
        .and_then(source);
    if let Some(address) = address {
        request.extensions_mut().insert(address);
    }
    next.run(request).await
}

fn source(context: &RequestContext) -> Option<ClientAddress> {
    match context {
        RequestContext::ApiGatewayV2(context) => {
            let address = context.http.source_ip.as_deref()?.parse().ok()?;
            Some(ClientAddress(address))
        }
        _ => None,
    }
}
