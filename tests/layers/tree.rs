//! The files of a crate and what each names of the others.
//!
//! Read from the text: every path that begins with `crate`, `super`, `self`, the crate's own name, a
//! child module or an imported name is followed through re-exports to the file that defines it.

use crate::tokens::{Token, tokens};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

type Names = Vec<String>;

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
struct Module {
    file: String,
    defined: Vec<String>,
    /// What `use` binds, by its name here.
    bound: BTreeMap<String, Names>,
    globs: Vec<Names>,
}

/// A path as it stands in a file.
struct Named {
    file: String,
    module: Names,
    line: usize,
    path: Names,
    /// The name under which a `pub use` hands it on.
    exported: Option<String>,
}

/// A crate: its files are named from the directory of its root, as in `model/store/mod.rs`.
#[derive(Default)]
pub struct Tree {
    name: String,
    modules: BTreeMap<Names, Module>,
    named: Vec<Named>,
    /// Words outside of `use`, to see whether a file itself uses what it hands on.
    words: BTreeMap<(String, String), usize>,
    pub files: Vec<String>,
}

/// Files that stand in the place of the module in whose folder they lie, in builds without it.
const TWINS: &[&str] = &["absent", "portable"];

/// How often one `use` may lead to the next.
const MAX_STEPS: usize = 16;

impl Tree {
    /// The crate `name`, whose files are read from `dir`.
    pub fn read(name: &str, dir: &Path) -> Tree {
        let mut files = Vec::new();
        collect(dir, "", &mut files);
        assert!(!files.is_empty(), "{}: no source files", dir.display());
        Tree::of(name, &files.iter().map(|(f, s)| (f.as_str(), s.as_str())).collect::<Vec<_>>())
    }

    /// A crate of these files and their texts.
    pub fn of(name: &str, files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree { name: name.to_owned(), ..Tree::default() };
        let is_library = files.iter().any(|(file, _)| *file == "lib.rs");
        for (file, source) in files {
            tree.files.push((*file).to_owned());
            let stem = file.trim_end_matches(".rs").trim_end_matches("/mod");
            let is_root = stem == "lib" || stem == "main" && !is_library;
            let module = if is_root { Names::new() } else { names(stem) };
            for length in 0..module.len() {
                tree.modules.entry(module[..length].to_vec()).or_default();
            }
            Reader { tree: &mut tree, file, tokens: &tokens(source), at: 0 }.module(module);
        }
        tree
    }

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

fn names(path: &str) -> Names {
    path.split('/').map(str::to_owned).collect()
}

/// Whether `child` is the file of a module below that of `parent`.
fn is_below(child: &str, parent: &str) -> bool {
    let folder = parent.trim_end_matches("mod.rs").trim_end_matches(".rs");
    let folder = if ["lib", "main"].contains(&folder) { "" } else { folder };
    child != parent && child.starts_with(folder)
}

fn collect(dir: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else if name.ends_with(".rs") {
            files.push((name, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

struct Reader<'a> {
    tree: &'a mut Tree,
    file: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| &token.text)
    }

    /// Reads to the end of the module, which is the end of the file or a bracket.
    fn module(&mut self, module: Names) {
        let here = Module { file: self.file.to_owned(), ..Module::default() };
        self.tree.modules.insert(module.clone(), here);
        let mut depth = 0_usize;
        while self.at < self.tokens.len() {
            match self.text(0) {
                "{" => depth += 1,
                "}" if depth == 0 => return,
                "}" => depth -= 1,
                "mod" if self.text(2) == "{" => {
                    let child = [module.clone(), vec![self.text(1).to_owned()]].concat();
                    self.at += 3;
                    self.module(child);
                }
                "use" if self.text(1) != "<" => {
                    let is_exported = self.at > 0
                        && (self.tokens[self.at - 1].text == "pub" || self.is_after_scope());
                    self.at += 1;
                    self.import(&module, Names::new(), is_exported);
                }
                _ if self.tokens[self.at].is_word() => self.word(&module, depth),
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Whether `pub(…)` stands before.
    fn is_after_scope(&self) -> bool {
        let before = &self.tokens[..self.at];
        let open = before.iter().rposition(|token| token.text == "(");
        let is_closed = before.last().is_some_and(|token| token.text == ")");
        is_closed && open.is_some_and(|n| n > 0 && before[n - 1].text == "pub")
    }

    /// A word outside of `use`: an item that is defined, or the beginning of a path.
    fn word(&mut self, module: &Names, depth: usize) {
        const ITEMS: &[&str] =
            &["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"];
        let line = self.tokens[self.at].line;
        let is_item = ITEMS.contains(&self.text(0)) && depth == 0;
        if is_item {
            let name = self.tokens[self.at + 1..].iter().find(|token| token.is_word()).cloned();
            let here = self.tree.modules.get_mut(module).unwrap();
            here.defined.extend(name.map(|token| token.text));
        }
        // The name of a field, a module or a method is not that of an item.
        let before = self.at.checked_sub(1).map_or("", |at| &self.tokens[at].text);
        let is_name = [".", "mod", "fn"].contains(&before) || self.text(1) == ":";
        let mut path = vec![self.text(0).to_owned()];
        while self.text(1) == "::" && self.tokens.get(self.at + 2).is_some_and(Token::is_word) {
            self.at += 2;
            path.push(self.text(0).to_owned());
        }
        if !is_name {
            let key = (self.file.to_owned(), path[0].clone());
            self.tree.words.entry(key).or_insert(line);
        }
        if path.len() > 1 {
            self.named(module, path, line, None);
        }
    }

    fn named(&mut self, module: &Names, path: Names, line: usize, exported: Option<String>) {
        let (file, module) = (self.file.to_owned(), module.clone());
        self.tree.named.push(Named { file, module, line, path, exported });
    }

    /// One tree of a `use`; ends at the sign after it.
    fn import(&mut self, module: &Names, mut path: Names, is_exported: bool) {
        loop {
            let line = self.tokens[self.at].line;
            match self.text(0).to_owned().as_str() {
                "::" => {}
                "*" => {
                    let here = self.tree.modules.get_mut(module).unwrap();
                    here.globs.push(path.clone());
                    self.named(module, path.clone(), line, None);
                }
                "{" => {
                    while self.text(0) != "}" {
                        self.at += 1;
                        if !["}", ","].contains(&self.text(0)) {
                            self.import(module, path.clone(), is_exported);
                        }
                    }
                }
                "self" if !path.is_empty() => {}
                name => path.push(name.to_owned()),
            }
            let (is_alias, is_group) = (self.text(1) == "as", self.text(0) == "}");
            let alias = if is_alias { self.text(2) } else { path.last().map_or("", |n| n) };
            let alias = alias.to_owned();
            self.at += if is_alias { 3 } else { 1 };
            if [",", "}", ";"].contains(&self.text(0)) || self.at >= self.tokens.len() {
                let is_glob = self.tokens[self.at - 1].text == "*";
                if !is_group && !is_glob {
                    let here = self.tree.modules.get_mut(module).unwrap();
                    here.bound.entry(alias.clone()).or_insert(path.clone());
                    self.named(module, path, line, is_exported.then_some(alias));
                }
                return;
            }
        }
    }
}
