//! What the public sees of the reports of a service: one policy for each service of a city, and one
//! object that turns a report into what is shown of it.

mod held_texts;
mod merged_cells;
mod policy;
mod public_rules;
mod table;

pub use held_texts::{HeldText, PhotoChoice, ReviewChoice, ShownTexts, TextDecision};
pub use merged_cells::MergedCells;
pub use policy::{ContentPolicy, PhotoPolicy, TextPolicy, Visibility};
pub use public_rules::{PublicRules, View, is_counted_id};
pub use table::VisibilityTable;
