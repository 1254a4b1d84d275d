//! Finds many needles in one pass (Aho and Corasick, "Efficient string matching", 1975).
//!
//! The crate of that name finds the same, but does not tell how long the beginning of a needle is
//! that a text ends with, and this is what decides which bytes may go out already.

use zeroize::Zeroize;

/// No node.
const NONE: u32 = 0;
/// The node of the empty beginning.
pub const ROOT: u32 = 0;

/// The beginning of a needle.
#[derive(Clone, Default)]
struct Node {
    /// Its last byte.
    byte: u8,
    /// The first of those that are one byte longer.
    child: u32,
    /// The next one that differs in the last byte alone.
    sibling: u32,
    /// The longest beginning of a needle that this one ends with.
    fail: u32,
    /// Bytes.
    depth: u32,
    /// Bytes of the longest needle that this one ends with; 0 for none.
    found: u32,
    /// Bytes of the longest beginning that this one ends with and that can go on to be a needle.
    held: u32,
}

/// All needles. They are secrets, and wiped when they are dropped.
pub struct Automaton {
    nodes: Vec<Node>,
    /// The children of the root, by their bytes.
    first: [u32; 256],
}

impl Drop for Automaton {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            node.byte.zeroize();
        }
        self.first.zeroize();
    }
}

impl Automaton {
    /// Of needles that are not empty.
    pub fn new<'a>(needles: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let bytes: usize = needles.clone().map(<[u8]>::len).sum();
        // Large enough from the start: growing would leave copies of secrets behind.
        let mut nodes = Vec::with_capacity(bytes + 1);
        nodes.push(Node::default());
        let mut made = Self {
            nodes,
            first: [NONE; 256],
        };
        for needle in needles {
            made.add(needle);
        }
        made.link();
        made
    }

    fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    fn child(&self, at: u32, byte: u8) -> u32 {
        if at == ROOT {
            return self.first[usize::from(byte)];
        }
        let mut child = self.node(at).child;
        while child != NONE && self.node(child).byte != byte {
            child = self.node(child).sibling;
        }
        child
    }

    fn add(&mut self, needle: &[u8]) {
        let mut at = ROOT;
        for byte in needle {
            let child = self.child(at, *byte);
            at = match child {
                NONE => self.add_child(at, *byte),
                child => child,
            };
        }
        let node = &mut self.nodes[at as usize];
        node.found = node.depth;
    }

    fn add_child(&mut self, at: u32, byte: u8) -> u32 {
        // Fewer than 2³²: no environment holds as many bytes.
        let child = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        let parent = &mut self.nodes[at as usize];
        let node = Node {
            byte,
            sibling: parent.child,
            depth: parent.depth + 1,
            ..Node::default()
        };
        parent.child = child;
        if at == ROOT {
            self.first[usize::from(byte)] = child;
        }
        self.nodes.push(node);
        child
    }

    /// Says of each node where it goes on when none of its children fits, the shorter ones first.
    fn link(&mut self) {
        let mut row = vec![ROOT];
        while !row.is_empty() {
            let mut next = Vec::new();
            for at in row {
                let mut child = self.node(at).child;
                while child != NONE {
                    if at != ROOT {
                        let byte = self.node(child).byte;
                        let fail = self.step(self.node(at).fail, byte);
                        self.nodes[child as usize].fail = fail;
                    }
                    self.learn(child);
                    next.push(child);
                    child = self.node(child).sibling;
                }
            }
            row = next;
        }
    }

    /// What a node takes over from the one that it ends with.
    fn learn(&mut self, at: u32) {
        let shorter = self.node(self.node(at).fail);
        let (found, held) = (shorter.found, shorter.held);
        let node = &mut self.nodes[at as usize];
        if node.found == 0 {
            node.found = found;
        }
        node.held = match node.child {
            NONE => held,
            _ => node.depth,
        };
    }

    /// Where one more byte leads.
    pub fn step(&self, mut at: u32, byte: u8) -> u32 {
        loop {
            let child = self.child(at, byte);
            if child != NONE || at == ROOT {
                return child;
            }
            at = self.node(at).fail;
        }
    }

    /// Bytes of the longest needle that ends here; 0 for none.
    pub fn found(&self, at: u32) -> u64 {
        self.node(at).found.into()
    }

    /// Bytes that end here and may go on to be a needle.
    pub fn held(&self, at: u32) -> u64 {
        self.node(at).held.into()
    }
}
