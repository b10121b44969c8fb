//! Who calls, as far as a request tells: for limits and for what people are shown.

pub(crate) use api::Client;
