//! Dictionary encoding of names that repeat: service codes and area names.

use std::collections::HashMap;
use std::sync::Arc;

/// Numbers by name and names by number. A name keeps its number for the life of the index.
#[derive(Clone, Default)]
pub struct Dictionary {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u16>,
}

impl Dictionary {
    /// The number that stands for "no name".
    pub const NONE: u16 = u16::MAX;

    /// The number of `name`, assigned now if the name is new. From the 65,536th name on this is
    /// [`Dictionary::NONE`]: reports with such a name are answered as if they had none.
    pub fn number_or_insert(&mut self, name: &str) -> u16 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len();
        if number >= usize::from(Self::NONE) {
            return Self::NONE;
        }
        let name: Arc<str> = name.into();
        self.names.push(name.clone());
        self.numbers.insert(name, number as u16);
        number as u16
    }

    /// The number of `name`, if it has one.
    pub fn number(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    /// The name with this number.
    pub fn name(&self, number: u16) -> Option<&str> {
        self.names.get(usize::from(number)).map(|name| &**name)
    }

    /// Number of names.
    pub fn len(&self) -> usize {
        self.names.len()
    }
}
