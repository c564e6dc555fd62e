//! Disjoint sets (union–find).

/// Disjoint sets of the numbers below a count (Tarjan 1975, union by size with path halving). Each
/// operation takes nearly constant time.
///
/// ```
/// use pointchaud::statistics::DisjointSet;
///
/// let mut sets = DisjointSet::new(4);
/// assert!(sets.join(0, 1) && sets.join(1, 3) && !sets.join(3, 0));
/// assert_eq!(sets.find(3), sets.find(0));
/// assert_eq!((sets.size(0), sets.size(2)), (3, 1));
/// ```
#[derive(Debug, Clone)]
pub struct DisjointSet {
    /// Parent of an element; for a root the size of its set with the highest bit set.
    parents: Vec<u32>,
}

const ROOT: u32 = 1 << 31;

impl DisjointSet {
    /// `count` sets of one element each; `count` is at most 2³¹.
    pub fn new(count: usize) -> Self {
        Self { parents: vec![ROOT | 1; count] }
    }

    /// The representative of the set that holds an element.
    pub fn find(&mut self, element: u32) -> u32 {
        let mut at = element;
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

    /// Joins the sets of two elements. Returns whether they were different sets. The representative
    /// is that of the larger set, of equally large ones the smaller number.
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

    /// Number of elements in the set that holds an element.
    pub fn size(&mut self, element: u32) -> u32 {
        let root = self.find(element);
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
