//! One request of a citizen: its fields, the checks of its input, and its stored form.

pub(crate) mod attribute;
pub(crate) mod change;
pub(crate) mod columns;
pub(crate) mod contact;
pub(crate) mod details;
mod digest;
pub(crate) mod draft;
pub mod fields;
pub(crate) mod gate;
pub(crate) mod id;
mod kept;
pub(crate) mod record;
pub(crate) mod stored;
pub(crate) mod text_limit;
pub(crate) mod text_sketch;
pub(crate) mod update;
