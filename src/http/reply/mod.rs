//! Responses: bodies, ETags and problem documents.

pub mod answer;
pub mod counts;
pub mod etag;
pub mod file_body;
pub mod geometry;
pub mod problem;
pub mod refused_lines;
pub mod response_budget;
pub mod streamed;
