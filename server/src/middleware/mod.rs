//! What every request passes through, outermost first: request id and access log, security
//! headers, the version of the API, panics, the client's address, the defence against cross-site
//! requests, and the general rate limit.

pub mod access_log;
pub mod address;
pub mod api_version;
pub mod cross_site;
pub mod headers;
pub mod panic;
pub mod rate;
pub mod request_id;
