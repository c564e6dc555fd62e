//! A profile bound to the columns of a file: it makes each row a draft.

pub mod accuracy;
pub mod categories;
pub mod category_names;
pub mod fields;
pub mod ids;
pub mod lists;
pub mod naming;
pub mod note;
pub mod places;
pub mod row_draft;
pub mod status;
#[cfg(test)]
mod tests;
pub mod times;
pub mod zones;
