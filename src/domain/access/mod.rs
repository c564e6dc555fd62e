//! Access keys and the sessions that they open: which there are, what each role may do, and whether
//! one is valid at a time.

mod key;
mod role;
mod session;

pub use key::{AccessKey, KEY_NAME_CHARS_MAX, KeySecret, KeyState, SecretDigest, key_name};
pub use role::{Permission, Role};
pub use session::Session;
