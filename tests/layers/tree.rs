//! The files of a crate and what each names of the others.
//!
//! Read from the text: every path that begins with `crate`, `super`, `self`, the crate's own name, a
//! child module or an imported name is followed through re-exports to the file that defines it.

use std::collections::BTreeMap;

pub type Names = Vec<String>;

/// One name in one file that is defined in another.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    pub from: String,
    pub line: usize,
    pub name: String,
    pub to: String,
    /// Whether the name stands in a `mod tests`.
    pub is_test: bool,
}

#[derive(Default)]
pub struct Module {
    pub file: String,
    pub defined: Vec<String>,
    /// What `use` binds, by its name here.
    pub bound: BTreeMap<String, Names>,
    pub globs: Vec<Names>,
}

/// A path as it stands in a file.
pub struct Named {
    pub file: String,
    pub module: Names,
    pub line: usize,
    pub path: Names,
    /// The name under which a `pub use` hands it on.
    pub exported: Option<String>,
}

/// A crate: its files are named from the directory of its root, as in `model/store/mod.rs`.
#[derive(Default)]
pub struct Tree {
    pub name: String,
    pub modules: BTreeMap<Names, Module>,
    pub named: Vec<Named>,
    /// Words outside of `use`, to see whether a file itself uses what it hands on.
    pub words: BTreeMap<(String, String), usize>,
    pub files: Vec<String>,
}

/// Files that stand in the place of the module in whose folder they lie, in builds without it.
const TWINS: &[&str] = &["absent", "portable"];

/// How often one `use` may lead to the next.
const MAX_STEPS: usize = 16;

impl Tree {
    /// All that files name of each other, in the order of the files. A parent that only hands on what
    /// its child defines does not use it.
    pub fn edges(&self) -> Vec<Edge> {
        let edge = |named: &Named| {
            let (module, item) = self.resolve(&named.module, &named.path, 0)?;
            let to = self.modules.get(&module)?.file.clone();
            // A folder without a file of its own defines nothing.
            let is_file = !to.is_empty();
            let mut line = named.line;
            if let Some(name) = named.exported.as_ref().filter(|_| is_below(&to, &named.file)) {
                line = *self.words.get(&(named.file.clone(), name.clone()))?;
            }
            let name = [module, item.into_iter().collect()].concat().join("::");
            let is_test = named.module.iter().any(|name| name == "tests");
            (is_file && to != named.file).then(|| Edge {
                from: named.file.clone(),
                line,
                name,
                to,
                is_test,
            })
        };
        self.named.iter().filter_map(edge).collect()
    }

    /// The module where what `path` means is defined, and its name there unless it is a module.
    fn resolve(
        &self,
        from: &[String],
        path: &[String],
        step: usize,
    ) -> Option<(Names, Option<String>)> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.walk(&[], rest, step),
            "self" => self.walk(from, rest, step),
            "super" => {
                let mut parent = from;
                let supers = path.iter().take_while(|name| *name == "super").count();
                for _ in 0..supers {
                    let (child, rest) = parent.split_last()?;
                    let is_twin = TWINS.contains(&child.as_str());
                    parent = if is_twin { rest.split_last()?.1 } else { rest };
                }
                self.walk(parent, &path[supers..], step)
            }
            name if name == self.name => self.walk(&[], rest, step),
            _ if self.knows(from, first, step) => self.walk(from, path, step),
            _ => None,
        }
    }

    /// Whether the module has a child, an import or an item of that name; what a glob brings counts.
    fn knows(&self, module: &[String], name: &String, step: usize) -> bool {
        let Some(here) = self.modules.get(module) else { return false };
        let is_child = self.modules.contains_key(&[module, std::slice::from_ref(name)].concat());
        let is_here = is_child || here.bound.contains_key(name) || here.defined.contains(name);
        is_here || self.globbed(module, name, step).is_some()
    }

    /// The module whose glob brings `name`.
    fn globbed(&self, module: &[String], name: &String, step: usize) -> Option<Names> {
        if step > MAX_STEPS {
            return None;
        }
        let targets = self.modules.get(module)?.globs.iter();
        let mut targets = targets.filter_map(|glob| self.resolve(module, glob, step + 1));
        targets.find(|(to, _)| to != module && self.knows(to, name, step + 1)).map(|(to, _)| to)
    }

    fn walk(
        &self,
        module: &[String],
        rest: &[String],
        step: usize,
    ) -> Option<(Names, Option<String>)> {
        let Some((first, after)) = rest.split_first() else { return Some((module.to_vec(), None)) };
        let here = (module.to_vec(), Some(first.clone()));
        let child = [module, std::slice::from_ref(first)].concat();
        if self.modules.contains_key(&child) {
            return self.walk(&child, after, step);
        }
        if step > MAX_STEPS {
            return Some(here);
        }
        if let Some(path) = self.modules.get(module).and_then(|m| m.bound.get(first)) {
            // What another crate defines is handed on here.
            let Some((to, item)) = self.resolve(module, path, step + 1) else { return Some(here) };
            return if item.is_some() { Some((to, item)) } else { self.walk(&to, after, step + 1) };
        }
        let is_defined = self.modules.get(module).is_some_and(|m| m.defined.contains(first));
        match self.globbed(module, first, step).filter(|_| !is_defined) {
            Some(to) => self.walk(&to, rest, step + 1),
            None => Some(here),
        }
    }
}

pub fn names(path: &str) -> Names {
    path.split('/').map(str::to_owned).collect()
}

/// Whether `child` is the file of a module below that of `parent`.
pub fn is_below(child: &str, parent: &str) -> bool {
    let folder = parent.trim_end_matches("mod.rs").trim_end_matches(".rs");
    let folder = if ["lib", "main"].contains(&folder) { "" } else { folder };
    child != parent && child.starts_with(folder)
}
