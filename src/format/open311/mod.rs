//! Open311 GeoReport v2, both directions: documents out, forms and mirrored cities in.

mod form;
mod mirror;
mod node;
mod requests;

pub use form::{Form, Sent, unknown_service};
pub use mirror::{Mirrored, requests as mirrored_requests};
pub use node::{Node, xml};
pub use requests::{About, Telling, definition, discovery, errors, request, services, submitted};
