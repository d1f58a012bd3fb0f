//! Names in one file: its modules, its imports and the paths in it.

use crate::tokens::{Token, tokens};
use crate::tree::{Module, Named, Names, Tree, names};
use std::fs;
use std::path::Path;

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
