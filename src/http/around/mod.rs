//! What is laid around every request and response: rates, the bound on memory, security headers.

pub mod rates;
pub mod security;
