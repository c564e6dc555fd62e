//! Short numbers for names that come again and again: services and areas. Numbers are given once
//! and never change.

use std::collections::HashMap;
use std::sync::Arc;

/// Names by number, and numbers by name.
#[derive(Clone, Default)]
pub struct Dictionary {
    list: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u16>,
}

impl Dictionary {
    /// Stands for the absence of a name.
    pub const NONE: u16 = u16::MAX;

    /// The number of `name`, given now if it is new. The 65,536th name and all later ones are
    /// refused with [`Dictionary::NONE`]: they are answered as if unnamed.
    pub fn number(&mut self, name: &str) -> u16 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.list.len();
        if number >= usize::from(Self::NONE) {
            return Self::NONE;
        }
        let name: Arc<str> = name.into();
        self.list.push(name.clone());
        self.numbers.insert(name, number as u16);
        number as u16
    }

    /// The number of `name`, if it has one.
    pub fn find(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    /// The name of a number.
    pub fn get(&self, number: u16) -> Option<&str> {
        self.list.get(usize::from(number)).map(|name| &**name)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }
}
