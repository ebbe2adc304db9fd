//! Words and signs of a path, as ElementTree splits them.

/// One word or sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `/`, `//`, `.`, `..`, `*`, `[`, `]`, `(`, `)`, `()`, `@`, `=`, `!=`, `:` or `::`.
    Sign(&'a str),
    /// A text in quotes, without them.
    Quoted(&'a str),
    /// Anything else: a tag, an attribute, a number.
    Name(&'a str),
}

/// Longest first, so that `//` is not two `/`.
const SIGNS: [&str; 15] =
    ["::", "//", "..", "()", "!=", "/", ".", "*", ":", "[", "]", "(", ")", "@", "="];
/// What ends a name.
const ENDS: &str = "/[]()@!=";

/// The tokens of a path. Blanks are left out within brackets and refused elsewhere, where ElementTree
/// takes them for a tag that no element has.
///
/// # Errors
/// What is wrong, in words that follow the path.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut found = vec![];
    let mut inside = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c.is_whitespace() {
            if !inside {
                return Err("has a blank outside of brackets".into());
            }
            c.len_utf8()
        } else if let Some(length) = quoted(rest) {
            found.push(Token::Quoted(&rest[1..length - 1]));
            length
        } else if c == '\'' || c == '"' {
            return Err("has a quote that nothing ends".into());
        } else if let Some(sign) = SIGNS.iter().find(|s| rest.starts_with(*s)) {
            inside = match *sign {
                "[" => true,
                "]" => false,
                _ => inside,
            };
            found.push(Token::Sign(sign));
            sign.len()
        } else {
            let length = name(rest);
            if length == 0 {
                return Err(format!("has an unexpected {c:?}"));
            }
            found.push(Token::Name(plain(&rest[..length])?));
            length
        };
        rest = &rest[length..];
    }
    Ok(found)
}

/// Length of the quoted text that `rest` begins with, quotes included.
fn quoted(rest: &str) -> Option<usize> {
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    rest[1..].find(quote).map(|end| end + 2)
}

/// Length of the name that `rest` begins with: `{namespace}` and what follows it.
fn name(rest: &str) -> usize {
    let namespace = match rest.starts_with('{') {
        true => rest.find('}').map_or(0, |end| end + 1),
        false => 0,
    };
    let ends = |c: char| c.is_whitespace() || ENDS.contains(c);
    let word = rest[namespace..].find(ends).unwrap_or(rest.len() - namespace);
    if word == 0 { 0 } else { namespace + word }
}

/// A name that ElementTree can look for without a table of prefixes.
fn plain(name: &str) -> Result<&str, String> {
    if name.starts_with("{*}") || name.ends_with("}*") {
        return Err(format!("has the wildcard {name:?}; write the namespace or leave it away"));
    }
    if !name.starts_with('{') && name.contains(':') {
        return Err(format!(
            "has the prefix of {name:?}, whose namespace it does not say; write {{uri}}name"
        ));
    }
    if name.contains(['\'', '"']) {
        return Err("has a quote that nothing ends".into());
    }
    Ok(name)
}
