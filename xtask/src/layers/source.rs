//! Reads as much of Rust as is needed to know which crates and modules a file names.

use std::collections::BTreeMap;

/// What a file names, each with its line.
#[derive(Debug, Default, Clone)]
pub(crate) struct Names {
    /// Every identifier that stands at the start of a path: a superset of the crates that the file names.
    pub(crate) crates: Vec<(String, usize)>,
    /// What follows directly after the crate's root: modules, and what the front page exports.
    pub(crate) modules: Vec<(String, usize)>,
    /// What `use` brings in, by its name here, with the top module that it comes from.
    pub(crate) exported: BTreeMap<String, String>,
}

/// The names in a file that holds this module of its crate.
pub(crate) fn names(text: &str, module: &[String]) -> Names {
    let tokens = tokens(text);
    let mut names = Names::default();
    // Inline modules that are open here: their names, and how many braces were open before them.
    let mut inline: Vec<(String, usize)> = Vec::new();
    let mut open = 0;
    // Up to here the paths are noted: a word inside a tree of names does not begin a path of its own.
    let mut noted = 0;
    for (at, (token, line)) in tokens.iter().enumerate() {
        let near =
            |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or("", |(token, _)| token.as_str());
        let (before, after) = (near(at.checked_sub(1)), near(Some(at + 1)));
        match token.as_str() {
            "{" => open += 1,
            "}" => {
                open = usize::saturating_sub(open, 1);
                if inline.last().is_some_and(|(_, before)| *before == open) {
                    inline.pop();
                }
            }
            "mod" if near(Some(at + 2)) == "{" => inline.push((after.to_owned(), open)),
            word if is_word(word) && before != "::" && before != "." => {
                names.crates.push((word.to_owned(), *line));
                if at >= noted && (after == "::" || before == "use") {
                    let mut here: Vec<String> = module.to_vec();
                    here.extend(inline.iter().map(|(name, _)| name.clone()));
                    let mut paths = Vec::new();
                    noted = tree(&tokens, at, &mut Vec::new(), &mut paths);
                    for (path, alias, line) in paths {
                        note(&mut names, &here, &path, &alias, line);
                    }
                }
            }
            _ => {}
        }
    }
    names
}

/// Notes one path, seen from a module.
fn note(names: &mut Names, here: &[String], path: &[String], alias: &str, line: usize) {
    let mut base: Vec<&str> = here.iter().map(String::as_str).collect();
    let mut rest = path.iter().map(String::as_str).peekable();
    match rest.peek() {
        Some(&"crate") => {
            base.clear();
            rest.next();
        }
        Some(&("self" | "super")) => {}
        // In the front page, a path may begin with a module of the crate.
        _ if here.is_empty() => {}
        _ => return,
    }
    while let Some(&step) = rest.peek() {
        match step {
            "self" => {}
            "super" => {
                base.pop();
            }
            _ => break,
        }
        rest.next();
    }
    base.extend(rest);
    if let Some(top) = base.first().filter(|top| **top != "*") {
        // A path that stays inside its own module says nothing new.
        if here.first().map(String::as_str) != Some(*top) && !here.is_empty() {
            names.modules.push(((*top).to_owned(), line));
        }
        if alias != "*" {
            names.exported.insert(alias.to_owned(), (*top).to_owned());
        }
    }
}

/// Collects the paths of a (perhaps nested) tree that starts here; returns where it ends.
fn tree(
    tokens: &[(String, usize)],
    mut at: usize,
    prefix: &mut Vec<String>,
    paths: &mut Vec<(Vec<String>, String, usize)>,
) -> usize {
    let token = |at: usize| tokens.get(at).map_or("", |(token, _)| token.as_str());
    let line = |at: usize| tokens.get(at).map_or(0, |(_, line)| *line);
    let depth = prefix.len();
    let begun = line(at);
    loop {
        if token(at) == "{" {
            at += 1;
            while !matches!(token(at), "}" | "") {
                at = tree(tokens, at, prefix, paths);
                if token(at) == "," {
                    at += 1;
                } else if token(at) != "}" {
                    // Not a tree of names after all.
                    break;
                }
            }
            prefix.truncate(depth);
            return at + 1;
        }
        if !is_word(token(at)) && token(at) != "*" {
            break;
        }
        prefix.push(token(at).to_owned());
        at += 1;
        if token(at) != "::" {
            break;
        }
        at += 1;
    }
    let mut alias = prefix.last().cloned().unwrap_or_default();
    if token(at) == "as" {
        token(at + 1).clone_into(&mut alias);
        at += 2;
    }
    if prefix.len() > depth {
        paths.push((prefix.clone(), alias, begun));
    }
    prefix.truncate(depth);
    at
}

fn is_word(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// Words, `::` and single signs, each with its line; no comments, no literals.
fn tokens(text: &str) -> Vec<(String, usize)> {
    let letters: Vec<char> = text.chars().collect();
    let letter = |at: usize| letters.get(at).copied().unwrap_or('\0');
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < letters.len() {
        let begun = at;
        match (letter(at), letter(at + 1)) {
            ('/', '/') => at = find(&letters, at, |at| letter(at) == '\n'),
            ('/', '*') => {
                let mut deep = 0;
                at = find(&letters, at, |at| {
                    match (letter(at), letter(at + 1)) {
                        ('/', '*') => deep += 1,
                        ('*', '/') => deep -= 1,
                        _ => {}
                    }
                    deep == 0
                }) + 2;
            }
            ('"', _) => at = end_of_text(&letters, at),
            // A letter, not a lifetime: 'x' or '\…'.
            ('\'', '\\') => at = find(&letters, at + 3, |at| letter(at) == '\'') + 1,
            ('\'', _) if letter(at + 2) == '\'' => at += 3,
            (first, _) if is_part(first) => {
                at = find(&letters, at, |at| !is_part(letter(at)));
                let word: String = letters.get(begun..at).unwrap_or_default().iter().collect();
                let raw = matches!(word.as_str(), "r" | "br" | "cr");
                if raw && matches!(letter(at), '#' | '"') {
                    at = end_of_raw_text(&letters, at);
                } else {
                    tokens.push((word, line));
                }
            }
            (':', ':') => {
                tokens.push(("::".to_owned(), line));
                at += 2;
            }
            (sign, _) => {
                if !sign.is_whitespace() {
                    tokens.push((sign.to_string(), line));
                }
                at += 1;
            }
        }
        line += letters
            .get(begun..at.min(letters.len()))
            .unwrap_or_default()
            .iter()
            .filter(|l| **l == '\n')
            .count();
    }
    tokens
}

/// The first place from here on at which something is true, or the end.
fn find(letters: &[char], from: usize, mut is: impl FnMut(usize) -> bool) -> usize {
    (from..letters.len()).find(|at| is(*at)).unwrap_or(letters.len())
}

fn end_of_text(letters: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(letter) = letters.get(at) {
        match letter {
            '"' => return at + 1,
            '\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

fn end_of_raw_text(letters: &[char], from: usize) -> usize {
    let opening = find(letters, from, |at| letters.get(at) != Some(&'#'));
    let marks = opening - from;
    if letters.get(opening) != Some(&'"') {
        // A raw identifier: r#type.
        return opening;
    }
    let closes = |at: usize| {
        letters.get(at) == Some(&'"') && (1..=marks).all(|mark| letters.get(at + mark) == Some(&'#'))
    };
    find(letters, opening + 1, closes) + 1 + marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|(token, _)| token).collect()
    }

    #[test]
    fn literals_and_comments_are_no_names() {
        assert_eq!(words("a // b\n/* c /* d */ e */ f"), ["a", "f"]);
        assert_eq!(words(r##"g("h \" i", r#"j " k"#, 'l', '\'', '\u{1}', &'m n)"##).concat(), "g(,,,,,&'mn)");
        assert_eq!(tokens("a\n\"\n\"\nb").last().map(|(_, line)| *line), Some(4));
    }

    #[test]
    fn nested_trees_are_followed() {
        let here = ["policy".to_owned()];
        let seen = names("use crate::{a::{b, c as d}, e, f::*};\nlet x = super::g::h();", &here);
        let modules: Vec<_> = seen.modules.iter().map(|(name, line)| (name.as_str(), *line)).collect();
        assert_eq!(modules, [("a", 1), ("a", 1), ("e", 1), ("f", 1), ("g", 2)]);
        assert_eq!(seen.exported.get("d").map(String::as_str), Some("a"));
    }
}
