//! Answers: their ETags, their bodies, and the problem documents of what failed.

pub mod answer;
pub mod counts;
pub mod etag;
pub mod geometry;
pub mod problem;
