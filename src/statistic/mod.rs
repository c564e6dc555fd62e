//! Methods on plain numbers, each with its source: what is more than chance, what lies dense, what
//! grows. They know nothing of reports; `query` asks them about a snapshot.

mod chance;
mod getis;
mod trend;

pub use chance::{lower_tail, q_values, two_sided, upper_tail};
pub use getis::{Neighbours, gi_star, permuted};
pub use trend::{Emerging, MannKendall, emerging, mann_kendall};
