//! Finds every pattern in a text in one pass, with a trie over normalised words.

/// A trie of patterns, each with a number.
///
/// A pattern that ends in a space matches whole words only. Any other pattern is a stem and matches
/// every word that starts with it. Both match from the start of a word.
#[derive(Debug)]
pub(super) struct Matcher {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    /// Sorted by byte.
    edges: Vec<(u8, usize)>,
    pattern: Option<usize>,
}

const ROOT: usize = 0;

impl Matcher {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::default()] }
    }

    /// Adds a pattern. If it exists already, returns its number and changes nothing.
    pub(super) fn insert(&mut self, pattern: &str, number: usize) -> Option<usize> {
        let mut at = ROOT;
        for byte in pattern.bytes() {
            at = self.child_or_new(at, byte);
        }
        let node = self.nodes.get_mut(at)?;
        if node.pattern.is_none() {
            node.pattern = Some(number);
            return None;
        }
        node.pattern
    }

    /// Calls `found` with the number of each pattern in `text`, the output of `push_words`: word by
    /// word, shorter patterns first. A word costs at most the longest pattern's length.
    pub(super) fn for_each(&self, text: &str, mut found: impl FnMut(usize)) {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            self.walk(rest, &mut found);
            let word = rest.iter().position(|&byte| byte == b' ').map_or(rest.len(), |at| at + 1);
            rest = rest.get(word..).unwrap_or_default();
        }
    }

    fn walk(&self, text: &[u8], found: &mut impl FnMut(usize)) {
        let mut node = self.nodes.get(ROOT);
        for &byte in text {
            node = node.and_then(|node| self.child(node, byte));
            let Some(node) = node else { return };
            if let Some(number) = node.pattern {
                found(number);
            }
        }
    }

    fn child(&self, node: &Node, byte: u8) -> Option<&Node> {
        let edge = node.edges.iter().find(|edge| edge.0 == byte)?;
        self.nodes.get(edge.1)
    }

    fn child_or_new(&mut self, at: usize, byte: u8) -> usize {
        let next = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else { return at };
        match node.edges.binary_search_by_key(&byte, |edge| edge.0) {
            Ok(edge) => node.edges.get(edge).map_or(at, |edge| edge.1),
            Err(edge) => {
                node.edges.insert(edge, (byte, next));
                self.nodes.push(Node::default());
                next
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(patterns: &[&str], text: &str) -> Vec<usize> {
        let mut matcher = Matcher::new();
        for (number, pattern) in patterns.iter().enumerate() {
            assert_eq!(matcher.insert(pattern, number), None);
        }
        let mut numbers = Vec::new();
        matcher.for_each(text, |number| numbers.push(number));
        numbers
    }

    #[test]
    fn words_match_whole_and_phrases_match_adjacent() {
        let patterns = ["uber ", "uber eats ", "google cloud "];
        assert_eq!(found(&patterns, "uberlandia "), [] as [usize; 0]);
        assert_eq!(found(&patterns, "my uber eats "), [0, 1]);
        assert_eq!(found(&patterns, "google my cloud "), [] as [usize; 0]);
        assert_eq!(found(&patterns, "a google cloud uber "), [2, 0]);
    }

    #[test]
    fn stem_matches_the_start_of_a_word_only() {
        assert_eq!(found(&["pharmac"], "old pharmacie "), [0]);
        assert_eq!(found(&["pharmac"], "parapharmacie "), [] as [usize; 0]);
    }

    #[test]
    fn pattern_has_one_number() {
        let mut matcher = Matcher::new();
        assert_eq!(matcher.insert("a ", 1), None);
        assert_eq!(matcher.insert("a ", 2), Some(1));
    }
}
