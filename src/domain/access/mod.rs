//! Access keys: which there are, what each role may do, and whether a key is valid at a time.

mod key;
mod role;

pub use key::{AccessKey, KEY_NAME_CHARS_MAX, KeySecret, KeyState, SecretDigest, key_name};
pub use role::{Permission, Role};
