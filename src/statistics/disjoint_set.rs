//! What belongs together through others.

/// Disjoint sets (Tarjan 1975, by size and with path halving).
#[derive(Debug, Clone)]
pub struct DisjointSet {
    /// A parent, or the size of a root's set with the top bit set.
    parents: Vec<u32>,
}

const ROOT: u32 = 1 << 31;

impl DisjointSet {
    /// Each of `count` things, below 2³¹, on its own.
    pub fn new(count: usize) -> Self {
        Self { parents: vec![ROOT | 1; count] }
    }

    /// The thing that stands for the set of this one.
    pub fn find(&mut self, thing: u32) -> u32 {
        let mut at = thing;
        loop {
            let parent = self.parents[at as usize];
            if parent & ROOT != 0 {
                return at;
            }
            let above = self.parents[parent as usize];
            if above & ROOT != 0 {
                return parent;
            }
            self.parents[at as usize] = above;
            at = above;
        }
    }

    /// Makes one set of two; says whether they were two. The smaller number stands for equal ones.
    pub fn join(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return false;
        }
        let size = |root: u32| self.parents[root as usize] & !ROOT;
        let (small, large) = if (size(a), b) < (size(b), a) { (a, b) } else { (b, a) };
        self.parents[large as usize] = ROOT | (size(a) + size(b));
        self.parents[small as usize] = large;
        true
    }

    /// How many there are in the set of this one.
    pub fn size(&mut self, thing: u32) -> u32 {
        let root = self.find(thing);
        self.parents[root as usize] & !ROOT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_grow_together() {
        let mut sets = DisjointSet::new(6);
        assert!(sets.join(0, 1) && sets.join(2, 3) && sets.join(1, 3) && !sets.join(0, 2));
        assert_eq!((sets.size(3), sets.size(4)), (4, 1));
        assert_eq!(sets.find(0), sets.find(2));
        assert_ne!(sets.find(0), sets.find(5));
    }
}
