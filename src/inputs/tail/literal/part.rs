//! What is known of the parts of a pattern, and of parts in a row.

/// Texts that are searched; each is a pass of its own over the bytes.
pub const MAX_LITERALS: usize = 8;

/// What is known of a part of a pattern.
pub struct Part {
    /// All texts that it matches.
    pub exact: Option<Vec<String>>,
    /// Texts of which each match contains one.
    pub needed: Option<Vec<String>>,
    /// It depends on the text around it.
    pub asserts: bool,
}

/// How often a part is repeated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Times {
    One,
    OneOrMore,
    Any,
}

impl Part {
    /// One character.
    pub fn of(c: char) -> Part {
        Part::exactly(vec![c.into()], false)
    }

    /// A part that consumes nothing, but depends on the text around it.
    pub fn nothing() -> Part {
        Part::exactly(vec![String::new()], true)
    }

    fn exactly(texts: Vec<String>, asserts: bool) -> Part {
        Part { needed: useful(&texts).then(|| texts.clone()), exact: Some(texts), asserts }
    }

    /// A part of which nothing is known.
    pub fn unknown() -> Part {
        Part { exact: None, needed: None, asserts: false }
    }
}

/// A sequence of parts.
pub struct Row {
    /// All texts that the last parts match together, back to one that is not exactly known.
    run: Vec<String>,
    /// Whether `run` is the whole sequence.
    is_whole: bool,
    best: Option<Vec<String>>,
    asserts: bool,
}

impl Default for Row {
    fn default() -> Row {
        Row { run: vec![String::new()], is_whole: true, best: None, asserts: false }
    }
}

impl Row {
    /// Appends a part.
    pub fn add(&mut self, part: Part, times: Times) {
        self.asserts |= part.asserts;
        match part.exact {
            Some(texts) if times != Times::Any => {
                if self.run.len() * texts.len() > MAX_LITERALS {
                    self.part_run();
                    self.run = texts;
                } else {
                    let pairs = self.run.iter().flat_map(|a| texts.iter().map(move |b| (a, b)));
                    self.run = pairs.map(|(a, b)| [&**a, &**b].concat()).collect();
                }
                // What comes next need not follow the first.
                if times == Times::OneOrMore {
                    self.part_run();
                }
            }
            _ => {
                self.part_run();
                if times != Times::Any {
                    self.consider(part.needed);
                }
            }
        }
    }

    fn part_run(&mut self) {
        self.is_whole = false;
        let run = std::mem::replace(&mut self.run, vec![String::new()]);
        self.consider(Some(run));
    }

    /// Keeps the better texts: those whose shortest is longer, then the fewer.
    fn consider(&mut self, texts: Option<Vec<String>>) {
        let key = |texts: &Vec<String>| {
            let shortest = texts.iter().map(String::len).min().unwrap_or(0);
            (shortest, usize::MAX - texts.len())
        };
        let is_better = |texts: &Vec<String>| {
            useful(texts) && self.best.as_ref().is_none_or(|best| key(texts) > key(best))
        };
        if let Some(texts) = texts.filter(is_better) {
            self.best = Some(texts);
        }
    }

    /// What is known of the whole row.
    pub fn end(mut self) -> Part {
        let exact = self.is_whole.then(|| self.run.clone());
        let run = std::mem::take(&mut self.run);
        self.consider(Some(run));
        Part { exact, needed: self.best, asserts: self.asserts }
    }
}

/// Whether it is worth to search for these texts.
fn useful(texts: &[String]) -> bool {
    texts.len() <= MAX_LITERALS && !texts.is_empty() && texts.iter().all(|text| !text.is_empty())
}

/// The texts of two alternatives; `None` if some are unknown, or there are too many.
pub fn union(a: Option<Vec<String>>, b: Option<Vec<String>>) -> Option<Vec<String>> {
    let (mut all, more) = (a?, b?);
    for text in more {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    (all.len() <= MAX_LITERALS).then_some(all)
}
